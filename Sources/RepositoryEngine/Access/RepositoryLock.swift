import Glibc
import HostIO
import Model
import ObjectStorage
package import ResticFormat
import Synchronization

/// A lock file of ours (format section "Locks"), written anew every five minutes until it is released.
package final class RepositoryLock: Sendable {
    /// Restic's own numbers.
    static let refreshInterval = Duration.seconds(300)
    static let staleAfter: Double = 1800
    static let lostAfterNanoseconds: UInt64 = 1_350_000_000_000

    package let purpose: LockPurpose
    /// Constant for the lock's whole life, whatever file it stands in.
    package let session: String
    private let repository: OpenRepository
    private let state: Mutex<State>
    private let ending = Event()
    private let refresher = Mutex<WorkerThread?>(nil)

    private struct State {
        /// Nil: the place is read-only and the lock stands nowhere.
        var file: LockID?
        var refreshed: UInt64
    }

    init(repository: OpenRepository, purpose: LockPurpose, session: String, file: LockID?) throws {
        self.repository = repository
        self.purpose = purpose
        self.session = session
        state = Mutex(State(file: file, refreshed: repository.host.clock.monotonicNanoseconds()))
        guard file != nil else { return }
        let thread = try WorkerThread(named: "lock") { [self] in
            while !ending.wait(atMost: Self.refreshInterval) { try? refresh() }
        }
        refresher.withLock { $0 = thread }
    }

    /// Writes the lock anew, then removes the old file. One that is lost stays lost: whoever took it for stale, while this host was
    /// suspended or the storage out of reach, may have deleted what its holder builds upon.
    package func refresh() throws {
        guard let old = state.withLock({ $0.file }) else { return }
        try checkHeld()
        let new = try repository.writeLock(purpose, session: session)
        let now = repository.host.clock.monotonicNanoseconds()
        state.withLock { $0 = State(file: new, refreshed: now) }
        try repository.storage.remove(RepositoryNames.lock(old))
    }

    /// Throws when the lock has not been refreshed for so long that others may take it for stale. Called before a snapshot is made.
    package func checkHeld() throws {
        let age = repository.host.clock.monotonicNanoseconds() &- state.withLock { $0.refreshed }
        guard age < Self.lostAfterNanoseconds else { throw RepositoryError.lockLost(location: repository.storage.location) }
    }

    /// Removes the lock file. May be called more than once.
    package func release() {
        ending.set()
        let thread = refresher.withLock { thread in
            defer { thread = nil }
            return thread
        }
        try? thread?.join()
        let file = state.withLock { state in
            defer { state.file = nil }
            return state.file
        }
        if let file { try? repository.storage.remove(RepositoryNames.lock(file)) }
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
