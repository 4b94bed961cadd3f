import CHost
import Glibc
package import Model
import Synchronization

package struct SystemClock: WallClock {
    package init() {}

    package func now() -> Timestamp { Timestamp(reading(CLOCK_REALTIME)) }

    package func monotonicNanoseconds() -> UInt64 {
        let time = reading(CLOCK_BOOTTIME)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private func reading(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}

/// A clock that stands still until it is moved.
package final class ManualClock: WallClock {
    private struct State {
        var now: Timestamp
        var elapsed: UInt64 = 1
    }

    private let state: Mutex<State>

    package init(_ start: Timestamp = Timestamp(seconds: 1_700_000_000)) { state = Mutex(State(now: start)) }

    package func now() -> Timestamp { state.withLock { $0.now } }
    package func monotonicNanoseconds() -> UInt64 { state.withLock { $0.elapsed } }

    /// Time passes, for both readings; a negative duration is none.
    package func advance(by duration: Duration) {
        let parts = max(duration, .zero).components
        let more = Int64(parts.attoseconds / 1_000_000_000)
        state.withLock { state in
            let nanoseconds = Int64(state.now.nanoseconds) + more
            state.now = Timestamp(seconds: state.now.seconds, nanoseconds: UInt32(nanoseconds % 1_000_000_000))
                .adding(seconds: parts.seconds + nanoseconds / 1_000_000_000)
            state.elapsed += UInt64(clamping: parts.seconds) * 1_000_000_000 + UInt64(clamping: more)
        }
    }

    /// Time passes at once.
    package func sleep(for duration: Duration) { advance(by: duration) }

    /// The time of day is set, in either direction; the monotonic reading stays.
    package func set(_ now: Timestamp) { state.withLock { $0.now = now } }
}

/// getrandom(2).
package struct SystemRandom: RandomSource {
    package init() {}

    package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = holdfast_random(rest.baseAddress, rest.count)
            // Since Linux 3.17 the call cannot fail but by an interruption; keys must not be made without it.
            precondition(count >= 0 || errno == EINTR, "the kernel gives no random bytes")
            filled += max(count, 0)
        }
    }
}
