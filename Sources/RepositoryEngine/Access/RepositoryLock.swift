import HostIO
package import ResticFormat
import Synchronization

/// A lock file of ours (format section "Locks"), written anew every five minutes until it is released or the last reference goes.
package final class RepositoryLock: Sendable {
    package let purpose: LockPurpose
    /// Constant for the lock's whole life, whatever file it stands in.
    package let session: String
    private let standing: StandingLock
    private let refresher: Mutex<WorkerThread?>

    init(repository: OpenRepository, purpose: LockPurpose, session: String, file: LockID?) throws {
        self.purpose = purpose
        self.session = session
        let standing = StandingLock(repository: repository, purpose: purpose, session: session, file: file)
        self.standing = standing
        // The thread knows the standing lock alone, so that it does not keep this one alive.
        refresher = Mutex(file == nil ? nil : try WorkerThread(named: "lock") { standing.refreshUntilReleased() })
    }

    deinit { release() }

    /// Writes the lock anew, then removes the old file. One that is lost stays lost: whoever took it for stale, while this host was
    /// suspended or the storage out of reach, may have deleted what its holder builds upon.
    package func refresh() throws { try standing.refresh() }

    /// Throws when the lock was released, or has not been refreshed for so long that others may take it for stale. Called before a
    /// snapshot is made.
    package func checkHeld() throws { try standing.checkHeld() }

    /// Removes the lock file. May be called more than once.
    package func release() {
        standing.beginRelease()
        let thread = refresher.withLock { thread in
            defer { thread = nil }
            return thread
        }
        try? thread?.join()
        standing.remove()
    }
}

/// A lock file that is there, ours or another's.
package struct StoredLock: Hashable, Sendable {
    package let id: LockID
    package let file: LockFile

    /// Nil for locks that restic wrote.
    var purpose: LockPurpose? { parts.flatMap { LockPurpose(rawValue: String($0[0])) } }
    /// Nil for locks that restic wrote.
    var session: String? { parts.map { String($0[1]) } }

    private var parts: [Substring]? {
        guard file.program?.hasPrefix("holdfast") == true, let parts = file.purpose?.split(separator: " "), parts.count == 2 else {
            return nil
        }
        return parts
    }

    var owner: String {
        "\(file.program ?? "restic") \(purpose?.rawValue ?? "") (pid \(file.processID) on \(file.hostname), user \(file.username))"
    }
}
