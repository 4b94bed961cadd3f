import Glibc

/// State behind a lock, with waiting until it becomes as wanted (a mutex and a condition variable).
///
/// Nothing that is run under the lock may call the monitor again.
package final class Monitor<State>: @unchecked Sendable {
    // `state` is touched only between lock and unlock of `mutex`; the pthread objects do not move.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    package init(_ state: consuming sending State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Looks without waking anybody.
    package func read<Result, Problem: Error>(_ body: (State) throws(Problem) -> Result) throws(Problem) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(state)
    }

    /// Changes the state and wakes all who wait.
    package func change<Result, Problem: Error>(_ body: (inout State) throws(Problem) -> Result) throws(Problem) -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state)
    }

    /// As ``wait(atMost:until:)``, and gives up about a second after the process was asked to end (``EndingSignals``); what is asked after that gets a second, too.
    package func waitUnlessEnding<Result, Problem: Error>(
        atMost limit: Duration, until attempt: (inout State) throws(Problem) -> Result?
    ) throws(Problem) -> Result? {
        var left = limit
        var isLastSecond = false
        while left > .zero {
            let slice = min(left, .milliseconds(200))
            if let result = try wait(atMost: slice, until: attempt) { return result }
            left -= slice
            if EndingSignals.isAsked, !isLastSecond {
                isLastSecond = true
                left = min(left, .seconds(1))
            }
        }
        return nil
    }

    /// Runs `attempt` now and after each change until it gives a value, which is returned; others are then woken.
    package func wait<Result, Problem: Error>(until attempt: (inout State) throws(Problem) -> Result?) throws(Problem) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = try attempt(&state) {
                pthread_cond_broadcast(condition)
                return result
            }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// Like ``wait(until:)``, but gives up with nil after `patience`.
    package func wait<Result, Problem: Error>(
        atMost patience: Duration, until attempt: (inout State) throws(Problem) -> Result?
    ) throws(Problem) -> Result? {
        var deadline = timespec.monotonic(after: patience)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = try attempt(&state) {
                pthread_cond_broadcast(condition)
                return result
            }
            if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { return try attempt(&state) }
        }
    }
}

extension timespec {
    /// The monotonic clock's reading `duration` from now; at most about a century.
    static func monotonic(after duration: Duration) -> timespec {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let parts = max(duration, .zero).components
        let seconds = min(parts.seconds, 3_000_000_000)
        let nanoseconds = now.tv_nsec + Int(parts.attoseconds / 1_000_000_000)
        return timespec(tv_sec: now.tv_sec + Int(seconds) + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    }
}
