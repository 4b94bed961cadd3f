import HostIO
package import Model

/// The directory that a cluster file names as `state`: `catalogue.json`, `lock`, `scratch/`. Mode 0700.
package struct StateDirectory: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    private var cataloguePath: String { "\(path)/catalogue.json" }
    private var lockPath: String { "\(path)/lock" }

    /// The catalogue as it is; nil before `cluster init`.
    package func current() throws -> Catalogue? { try load() }

    func load() throws -> Catalogue? {
        guard let json = try AtomicFile.readIfPresent(cataloguePath) else { return nil }
        return try Catalogue(json: json, at: cataloguePath)
    }

    func save(_ catalogue: Catalogue) throws {
        try makeDirectories(path)
        try AtomicFile.write(try catalogue.json(), to: cataloguePath)
    }

    func lock(_ purpose: String, host: Host) throws -> FileLock {
        try makeDirectories(path)
        return try FileLock.take(lockPath, purpose: purpose, host: host)
    }

    /// After a cluster was deleted: nothing of it is left here.
    func erase() throws {
        guard try statusOfPath(path) != nil else { return }
        try removeTree("\(path)/scratch")
        try removeTree(cataloguePath)
    }
}
