package import HostIO
package import Model

/// The directory that a cluster file names as `state`: `catalogue.json`, `lock`, `backup.lock`, `serve.lock`, `drill.lock`, `alerts.json`,
/// `drill-places`, `drills/`, `seen.json`, `deletions`, `jobs/`, `scratch/`, `api.token`, `api.socket`. Mode 0700.
///
/// It is opened anew for each use (``folder()``), and what lies in it through it, never through a symbolic link: where root works in the state of another
/// user, that user cannot have root read or write elsewhere.
package struct StateDirectory: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// The catalogue as it is; nil before `cluster init`.
    package func current() throws -> Catalogue? { try load() }

    func load() throws -> Catalogue? {
        guard let json = try read("catalogue.json") else { return nil }
        return try Catalogue(json: json, at: "\(path)/catalogue.json")
    }

    func save(_ catalogue: Catalogue) throws { try write(try catalogue.json(), "catalogue.json") }

    func lock(_ purpose: String, host: Host, patience: LockPatience) throws -> FileLock {
        try takeLock("lock", purpose, host, patience)
    }

    private static let backupLock = "backup.lock"

    /// Held by whoever makes a backup, as long as that takes. Whoever asks for ``isBackingUp()`` holds it for a moment.
    func lockForBackups(_ purpose: String, host: Host, patience: LockPatience) throws -> FileLock {
        try takeLock(Self.backupLock, purpose, host, patience.atLeast(.seconds(1)))
    }

    func isBackingUp() throws -> Bool { try holder(Self.backupLock) != nil }

    private static let serviceLock = "serve.lock"

    /// Held by the one `holdfast serve` of the cluster. Throws `refused` when another one runs. Whoever asks for ``service()`` holds it for a moment.
    package func lockForService(host: Host) throws -> FileLock {
        do { return try takeLock(Self.serviceLock, "holdfast serve", host, .seconds(1)) } catch let held as FileLockHeld {
            throw Failure(
                .refused, "holdfast serve runs for this cluster already: \(held.holder)",
                hint: "one is enough; stop that one first, for instance with systemctl stop")
        }
    }

    /// Held by the one drill of the cluster.
    package func lockForDrill(_ purpose: String, host: Host, patience: LockPatience) throws -> FileLock {
        try takeLock("drill.lock", purpose, host, patience)
    }

    /// Who serves the cluster; nil when nobody does.
    package func service() throws -> String? { try holder(Self.serviceLock) }

    /// Absolute paths, a line each, of directories in which drills may have left something; of whoever holds the lock for drills.
    package static let drillPlaces = "drill-places"

    /// What alerts were told; of whoever serves the cluster.
    package static let alerts = "alerts.json"

    /// See ``JobHistory``.
    static let jobs = "jobs"

    /// For staging copies.
    package static let scratch = "scratch"

    /// After a cluster was deleted: nothing of it is left here.
    func erase() throws {
        guard let folder = try folder() else { return }
        for name in [
            Self.scratch, Self.alerts, Self.jobs, "api.token", "api.socket", Self.standing, Self.standby, Self.drillPlaces,
            Self.drillReports, Self.remedies, Self.memories, DeletionJournal.name, "catalogue.json",
        ] { try removeTree(Array(name.utf8), in: folder.descriptor) }
    }
}
