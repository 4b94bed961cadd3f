import HostIO
import ObjectStorage
import ResticFormat
import Synchronization

/// What a lock and the thread that refreshes it share: the file that stands for it now.
final class StandingLock: Sendable {
    /// Restic's own numbers.
    static let refreshInterval = Duration.seconds(300)
    static let staleAfter: Double = 1800
    static let lostAfterNanoseconds: UInt64 = 1_350_000_000_000

    private let repository: OpenRepository
    private let purpose: LockPurpose
    private let session: String
    private let state: Mutex<State>
    private let ending = Event()

    private struct State {
        /// Nil: the place is read-only and the lock stands nowhere.
        var file: LockID?
        var refreshed: UInt64
        var isReleased = false
    }

    init(repository: OpenRepository, purpose: LockPurpose, session: String, file: LockID?) {
        self.repository = repository
        self.purpose = purpose
        self.session = session
        state = Mutex(State(file: file, refreshed: repository.host.clock.monotonicNanoseconds()))
    }

    func refreshUntilReleased() {
        while !ending.wait(atMost: Self.refreshInterval) { try? refresh() }
    }

    func refresh() throws {
        guard let old = state.withLock({ $0.file }) else { return }
        try checkHeld()
        let new = try repository.writeLock(purpose, session: session)
        let now = repository.host.clock.monotonicNanoseconds()
        state.withLock { state in
            state.file = new
            state.refreshed = now
        }
        try repository.storage.remove(RepositoryNames.lock(old))
    }

    func checkHeld() throws {
        let now = repository.host.clock.monotonicNanoseconds()
        let isHeld = state.withLock { !$0.isReleased && now &- $0.refreshed < Self.lostAfterNanoseconds }
        guard isHeld else { throw RepositoryError.lockLost(location: repository.storage.location) }
    }

    /// From now on the lock is not held; its refreshing ends.
    func beginRelease() {
        state.withLock { $0.isReleased = true }
        ending.set()
    }

    func remove() {
        let file = state.withLock { state in
            defer { state.file = nil }
            return state.file
        }
        if let file { try? repository.storage.remove(RepositoryNames.lock(file)) }
    }
}
