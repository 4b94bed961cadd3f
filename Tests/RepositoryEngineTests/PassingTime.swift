import HostIO
import RepositoryEngine

extension ManualClock {
    /// Time passes as it does for holders of locks: each lock is refreshed before it is lost.
    func pass(_ duration: Duration, refreshing locks: [RepositoryLock]) throws {
        var rest = duration
        while rest > .zero {
            let step = min(rest, .seconds(1300))
            advance(by: step)
            for lock in locks { try lock.refresh() }
            rest -= step
        }
    }
}
