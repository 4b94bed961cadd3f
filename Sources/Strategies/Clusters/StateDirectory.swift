package import HostIO
package import Model

/// The directory that a cluster file names as `state`: `catalogue.json`, `lock`, `backup.lock`, `serve.lock`, `drill.lock`, `alerts.json`,
/// `drill-places`, `jobs/`, `scratch/`, `api.token`, `api.socket`. Mode 0700.
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

    func lock(_ purpose: String, host: Host, patience: LockPatience) throws -> FileLock {
        try makeDirectories(path)
        return try FileLock.take(lockPath, purpose: purpose, host: host, patience: patience)
    }

    /// Held by whoever makes a backup, as long as that takes.
    private var backupLockPath: String { "\(path)/backup.lock" }

    /// Whoever asks for ``isBackingUp()`` holds it for a moment.
    func lockForBackups(_ purpose: String, host: Host, patience: LockPatience) throws -> FileLock {
        try makeDirectories(path)
        return try FileLock.take(backupLockPath, purpose: purpose, host: host, patience: patience.atLeast(.seconds(1)))
    }

    func isBackingUp() throws -> Bool { try FileLock.holder(of: backupLockPath) != nil }

    /// See ``JobHistory``.
    var jobsPath: String { "\(path)/jobs" }

    /// Held by the one `holdfast serve` of the cluster.
    private var serviceLockPath: String { "\(path)/serve.lock" }

    /// Throws `refused` when another one runs. Whoever asks for ``service()`` holds it for a moment.
    package func lockForService(host: Host) throws -> FileLock {
        try makeDirectories(path)
        do { return try FileLock.take(serviceLockPath, purpose: "holdfast serve", host: host, patience: .seconds(1)) } catch let held
            as FileLockHeld
        {
            throw Failure(
                .refused, "holdfast serve runs for this cluster already: \(held.holder)",
                hint: "one is enough; stop that one first, for instance with systemctl stop")
        }
    }

    /// Held by the one drill of the cluster.
    package func lockForDrill(_ purpose: String, host: Host, patience: LockPatience) throws -> FileLock {
        try makeDirectories(path)
        return try FileLock.take("\(path)/drill.lock", purpose: purpose, host: host, patience: patience)
    }

    /// Absolute paths, a line each, of directories in which drills may have left something; of whoever holds the lock for drills.
    package var drillPlacesPath: String { "\(path)/drill-places" }
    package var scratchPath: String { "\(path)/scratch" }

    /// What alerts were told; of whoever serves the cluster.
    package var alertsPath: String { "\(path)/alerts.json" }

    /// Who serves the cluster; nil when nobody does.
    package func service() throws -> String? { try FileLock.holder(of: serviceLockPath) }

    /// After a cluster was deleted: nothing of it is left here.
    func erase() throws {
        guard try statusOfPath(path) != nil else { return }
        try removeTree("\(path)/scratch")
        try removeTree(alertsPath)
        try removeTree(jobsPath)
        for name in ["api.token", "api.socket"] { try removeTree("\(path)/\(name)") }
        try removeTree(standingPath)
        try removeTree(standbyPath)
        try removeTree(drillPlacesPath)
        try removeTree(cataloguePath)
    }
}
