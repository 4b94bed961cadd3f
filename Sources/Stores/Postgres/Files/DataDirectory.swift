import Glibc
import HostIO
import Model

/// The directory of a server's files, looked at from outside.
struct DataDirectory: Sendable {
    /// Absolute.
    let path: String

    /// Stands in place of `PG_VERSION` while a restore is under way, so that no server starts on half of it.
    static let guardName = "PG_VERSION.holdfast-restoring"

    func file(_ name: String) -> String { Path.join(path, name) }

    /// In the file of that name: all of an image is there, and no server is to start on it yet.
    static let closedMark = "closed"

    /// Of a regular file in it; nil for anything else: what a symbolic link leads to is not the server's, and an image may have made it.
    func bytes(of name: String, limit: Int) throws -> [UInt8]? {
        guard try exists() else { return nil }
        let folder = try Descriptor.openDirectory(path)
        guard try folder.statusIfPresent(of: Array(name.utf8))?.kind == .file else { return nil }
        let file = try folder.open(Array(name.utf8), [.read, .nonBlocking])
        return try file.readAll(limit: limit)
    }

    func exists() throws -> Bool { try statusOfPath(path) != nil }
    /// No server can start on it.
    func isGuarded() throws -> Bool { try statusOfPath(file(Self.guardName)) != nil }
    func isHalfRestored() throws -> Bool { try isGuarded() && !isClosed() }
    func isClosed() throws -> Bool { try words(of: Self.guardName).dropFirst().first == Self.closedMark }

    /// `15`, also while no server can start on it.
    func release() throws -> String? {
        try words(of: "PG_VERSION").first ?? words(of: Self.guardName).first
    }

    private func words(of name: String) throws -> [String] {
        let bytes = try bytes(of: name, limit: 64) ?? []
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Nil when there is no control file.
    func control() throws -> ControlFacts? {
        try AtomicFile.readIfPresent(file("global/pg_control"), limit: 1 << 16).flatMap { ControlFacts($0) }
    }

    /// Whether a server runs on it: the process of `postmaster.pid` is there, and works in this directory as far as that can be told.
    func isInUse() throws -> Bool { try process() != nil }

    /// The number of that process.
    func process() throws -> Int32? {
        guard let bytes = try bytes(of: "postmaster.pid", limit: 4096) else { return nil }
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).first ?? ""
        guard let process = Int32(line.filter { !$0.isWhitespace }), process > 0 else { return nil }
        guard kill(process, 0) == 0 || errno == EPERM else { return nil }
        guard let place = try? Descriptor.openDirectory("/proc/\(process)").readSymlink(Array("cwd".utf8)), let real = realPath() else {
            return process
        }
        return FileName.text(place) == real ? process : nil
    }

    private func realPath() -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Owner of what is made in it.
    func owner() throws -> FileStatus? { try statusOfPath(path) }
}

extension DataDirectory {
    /// The directories of its tablespaces that are of its own release: `/srv/fast/PG_15_202209061`.
    func tablespaces() throws -> [String] {
        guard let release = try release(), try statusOfPath(file("pg_tblspc")) != nil else { return [] }
        return try Descriptor.openDirectory(file("pg_tblspc")).entries().flatMap { try tablespaces(release: release, link: $0.name) }
    }

    /// Those of the one that a link of `pg_tblspc` leads to.
    func tablespaces(release: String, link: [UInt8]) throws -> [String] {
        let links = try Descriptor.openDirectory(file("pg_tblspc"))
        guard try links.statusIfPresent(of: link)?.kind == .symlink else { return [] }
        let location = FileName.text(try links.readSymlink(link))
        guard try statusOfPath(location) != nil else { return [] }
        return try Descriptor.openDirectory(location).entries().filter { $0.name.starts(with: Array("PG_\(release)_".utf8)) }.map {
            Path.join(location, FileName.text($0.name))
        }
    }
}
