import Archiving
import HostIO
import Model
import ResticFormat

/// The directories that an image goes to: the data directory, its log, which may lie elsewhere, and its tablespaces.
struct RestoreParts {
    struct Tablespace {
        /// Its number, the name in `pg_tblspc`.
        var name: String
        /// Absolute.
        var location: String
        /// Of each release in it: `PG_15_202209061`.
        var folders: [String]
    }

    let image: ImageTree
    let directory: DataDirectory
    let host: Host
    let tablespaces: [Tablespace]
    private let trusted: TrustedContent?

    init(_ image: ImageTree, _ directory: DataDirectory, host: Host, trusted: TrustedContent? = nil) throws {
        self.trusted = trusted
        self.image = image
        self.directory = directory
        self.host = host
        tablespaces = try (image.entries(of: ["pg_tblspc"]) ?? []).compactMap { node in
            guard let location = node.extendedAttributes.first(where: { $0.name == DataDirectorySource.tablespaceAttribute })?.value else {
                return nil
            }
            let name = FileName.text(node.name)
            let folders = try image.entries(of: ["pg_tblspc", name]) ?? []
            let there = try Self.link(name, in: directory)
            return Tablespace(
                name: name, location: there ?? FileName.text(location),
                folders: folders.filter { $0.type == .dir }.map { FileName.text($0.name) })
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

    /// Everything but the log and the tablespaces.
    func main() -> TreeRestore {
        let excluded = DataDirectoryRules.untouched.union(Self.separate)
        return TreeRestore(
            image: image, destination: directory.path, host: host,
            options: .init(excludedAtRoot: excluded, writesInPlace: true, trusted: trusted))
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
            options: .init(excludedAtRoot: kept.subtracting(known), trusted: trusted))
    }

    func restores(of tablespace: Tablespace) throws -> [TreeRestore] {
        try tablespace.folders.compactMap { folder in
            try image.directory(["pg_tblspc", tablespace.name, folder]).map {
                TreeRestore(
                    image: $0, destination: Path.join(tablespace.location, folder), host: host,
                    options: .init(writesInPlace: true, trusted: trusted))
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
            try makeOwned(tablespace.location, like: owner)
            guard try Self.link(tablespace.name, in: directory) == nil else { continue }
            try removeTree(Array(tablespace.name.utf8), in: links)
            try links.makeSymlink(Array(tablespace.name.utf8), to: Array(tablespace.location.utf8))
            try links.setOwner(of: Array(tablespace.name.utf8), uid: owner.uid, gid: owner.gid)
        }
        try links.sync()
    }

    private func makeOwned(_ path: String, like owner: FileStatus) throws {
        guard try statusOfPath(path) == nil else { return }
        try makeDirectories(Path.parent(path), mode: 0o755)
        try makeDirectories(path)
        try Descriptor.openDirectory(path).setOwner(uid: owner.uid, gid: owner.gid)
    }
}
