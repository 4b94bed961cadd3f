import Archiving
import HostIO
import Model
import ResticFormat

/// The directories that an image goes to: the data directory, its log, which may lie elsewhere, and its tablespaces.
struct RestoreParts {
    struct Tablespace {
        /// Its number, the name in `pg_tblspc`.
        var name: String
        /// Absolute: where it goes.
        var location: String
        /// Where it lay.
        var former: String
        /// Of each release in it: `PG_15_202209061`.
        var folders: [String]
    }

    let image: ImageTree
    let directory: DataDirectory
    let host: Host
    let tablespaces: [Tablespace]
    private let trusted: TrustedContent?

    /// Throws `refused` when nobody says where a tablespace goes.
    init(_ image: ImageTree, _ directory: DataDirectory, _ places: TablespacePlaces, host: Host, trusted: TrustedContent? = nil) throws {
        self.trusted = trusted
        self.image = image
        self.directory = directory
        self.host = host
        var unnamed: [String] = []
        tablespaces = try (image.entries(of: ["pg_tblspc"]) ?? []).compactMap { node in
            guard let location = node.extendedAttributes.first(where: { $0.name == DataDirectorySource.tablespaceAttribute })?.value else {
                return nil
            }
            let (name, former) = (FileName.text(node.name), FileName.text(location))
            guard let place = places.place(of: former, present: try Self.link(name, in: directory)) else {
                unnamed.append(former)
                return nil
            }
            let folders = try (image.entries(of: ["pg_tblspc", name]) ?? []).filter { $0.type == .dir }.map { FileName.text($0.name) }
            return Tablespace(name: name, location: place, former: former, folders: folders.filter { $0.hasPrefix("PG_") })
        }
        guard unnamed.isEmpty else { throw places.refusal(unnamed) }
    }

    /// What a person should know before: every place outside of the data directory that is written to, and what the image would have its server do.
    func cautions() throws -> [String] {
        try tablespaces.map { tablespace in
            let was = tablespace.former == tablespace.location ? "" : " (was \(tablespace.former))"
            return "a tablespace is restored to \(tablespace.location)\(was)"
        } + log(elsewhere: "pg_wal") + dropped() + configuration()
    }

    private func log(elsewhere name: String) throws -> [String] {
        guard try directory.exists(),
            try Descriptor.openDirectory(directory.path).statusIfPresent(of: Array(name.utf8))?.kind == .symlink
        else { return [] }
        return ["the log is restored to \(FileName.text(try Descriptor.openDirectory(directory.path).readSymlink(Array(name.utf8))))"]
    }

    private func dropped() throws -> [String] {
        guard try statusOfPath(directory.file("pg_tblspc")) != nil, let release = try directory.release() else { return [] }
        let wanted = Set(tablespaces.map { Array($0.name.utf8) })
        let links = try Descriptor.openDirectory(directory.file("pg_tblspc")).entries().map(\.name).filter { !wanted.contains($0) }
        return try links.flatMap { try directory.tablespaces(release: release, link: $0) }.map {
            "a tablespace that the image does not have goes: \($0)"
        }
    }

    private static let configurations = ["postgresql.conf", "postgresql.auto.conf"]
    private static let longestConfiguration = 4 << 20

    private func configuration() throws -> [String] {
        try Self.configurations.flatMap { name in
            let wanted = try image.bytes(of: [name], limit: Self.longestConfiguration) ?? []
            let present = try directory.bytes(of: name, limit: Self.longestConfiguration) ?? []
            return ServerConfiguration.cautions(
                file: name, wanted: ServerConfiguration(String(decoding: wanted, as: UTF8.self)),
                present: ServerConfiguration(String(decoding: present, as: UTF8.self)))
        }
    }

    /// Where the link of a tablespace leads; nil when there is none.
    private static func link(_ name: String, in directory: DataDirectory) throws -> String? {
        guard try statusOfPath(directory.file("pg_tblspc")) != nil else { return nil }
        let folder = try Descriptor.openDirectory(directory.file("pg_tblspc"))
        guard try folder.statusIfPresent(of: Array(name.utf8))?.kind == .symlink else { return nil }
        return FileName.text(try folder.readSymlink(Array(name.utf8)))
    }

    private static let separate: Set<[UInt8]> = [Array("pg_wal".utf8), Array("pg_tblspc".utf8)]

    /// Everything but the log and the tablespaces, and but what is named.
    func main(without others: Set<[UInt8]> = []) -> TreeRestore {
        let excluded = DataDirectoryRules.untouched.union(Self.separate).union(others)
        return TreeRestore(
            image: image, destination: directory.path, host: host,
            options: .init(excludedAtRoot: excluded, writesInPlace: true, trusted: trusted, privileges: .leftOut))
    }

    /// What ``main(without:)`` has of the databases, each that the image and the server have by itself; nil where there is nothing to compare with.
    func databases() throws -> [(path: String, restore: TreeRestore)]? {
        let folder = "base"
        guard let base = try image.directory([folder]), try statusOfPath(directory.file(folder)) != nil else { return nil }
        let present = Set(try Descriptor.openDirectory(directory.file(folder)).entries().map(\.name))
        let both = try (image.entries(of: [folder]) ?? []).filter { $0.type == .dir && present.contains($0.name) }.map(\.name)
        let others = TreeRestore(
            image: base, destination: directory.file(folder), host: host,
            options: .init(excludedAtRoot: Set(both), writesInPlace: true, privileges: .leftOut))
        return try [(folder, others)]
            + both.map { FileName.text($0) }.compactMap { name in
                try image.directory([folder, name]).map {
                    let path = Path.join(folder, name)
                    return (
                        path,
                        TreeRestore(
                            image: $0, destination: directory.file(path), host: host,
                            options: .init(writesInPlace: true, privileges: .leftOut))
                    )
                }
            }
    }

    /// The histories of time lines that the image does not know stay: from them the server sees which number is free for the next one.
    func log() throws -> TreeRestore? {
        guard let log = try image.directory(["pg_wal"]) else { return nil }
        let known = Set(try (image.entries(of: ["pg_wal"]) ?? []).map(\.name))
        var kept: Set<[UInt8]> = []
        if try statusOfPath(directory.file("pg_wal")) != nil {
            kept = Set(try Descriptor.openDirectory(directory.file("pg_wal")).entries().map(\.name).filter { $0.ends(with: ".history") })
        }
        return TreeRestore(
            image: log, destination: directory.file("pg_wal"), host: host,
            options: .init(excludedAtRoot: kept.subtracting(known), trusted: trusted, privileges: .leftOut))
    }

    func restores(of tablespace: Tablespace) throws -> [TreeRestore] {
        try tablespace.folders.compactMap { folder in
            try image.directory(["pg_tblspc", tablespace.name, folder]).map {
                TreeRestore(
                    image: $0, destination: Path.join(tablespace.location, folder), host: host,
                    options: .init(writesInPlace: true, trusted: trusted, privileges: .leftOut))
            }
        }
    }

    /// A tablespace of another server must not be written over: without a link to it, its place must be empty.
    func checkTablespaces() throws {
        for tablespace in tablespaces where try Self.link(tablespace.name, in: directory) == nil {
            for folder in tablespace.folders {
                let place = Path.join(tablespace.location, folder)
                guard try statusOfPath(place) != nil, try !Descriptor.openDirectory(place).entries().isEmpty else { continue }
                throw Failure(
                    .refused,
                    "\(directory.path): the place of a tablespace, \(place), is not empty, and \(directory.path) has no link to it",
                    hint: "move it away if it is of the server that is restored; it may be of another server on this host")
            }
        }
    }

    /// Makes the places of the tablespaces and the links to them. Of those that the image does not have goes what is of its release, as after
    /// DROP TABLESPACE, and the link.
    func placeTablespaces(ownedLike owner: FileStatus, release: String) throws {
        try makeOwned(directory.file("pg_tblspc"), like: owner)
        let links = try Descriptor.openDirectory(directory.file("pg_tblspc"))
        let wanted = Set(tablespaces.map { Array($0.name.utf8) })
        for entry in try links.entries() where !wanted.contains(entry.name) {
            for place in try directory.tablespaces(release: release, link: entry.name) { try removeTree(place) }
            try removeTree(entry.name, in: links)
        }
        for tablespace in tablespaces {
            try checkBelow(tablespace.location)
            try makeOwned(tablespace.location, like: owner)
            guard try Self.link(tablespace.name, in: directory) == nil else { continue }
            try removeTree(Array(tablespace.name.utf8), in: links)
            try links.makeSymlink(Array(tablespace.name.utf8), to: Array(tablespace.location.utf8))
            try links.setOwner(of: Array(tablespace.name.utf8), uid: owner.uid, gid: owner.gid)
        }
        try links.sync()
    }

    /// The data directory is the image's by now: a symbolic link in it must not lead a tablespace elsewhere.
    private func checkBelow(_ location: String) throws {
        guard Path.isInside(location, directory.path) else { return }
        var folder = SharedDescriptor(try Descriptor.openDirectory(directory.path))
        for name in location.dropFirst(directory.path.count).split(separator: "/").map({ Array($0.utf8) }) {
            guard let status = try folder.descriptor.statusIfPresent(of: name) else { return }
            guard status.kind == .directory else {
                throw Failure(
                    .refused, "\(directory.path): the place of a tablespace, \(location), goes through something that is no directory",
                    hint: "give it a place outside of the data directory (tablespaces in the cluster file)")
            }
            folder = SharedDescriptor(try folder.descriptor.openDirectory(name))
        }
    }

    private func makeOwned(_ path: String, like owner: FileStatus) throws {
        guard try statusOfPath(path) == nil else { return }
        try makeDirectories(Path.parent(path), mode: 0o755)
        try makeDirectories(path)
        try Descriptor.openDirectory(path).setOwner(uid: owner.uid, gid: owner.gid)
    }
}
