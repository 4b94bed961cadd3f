import CHost
import Glibc
import Synchronization

/// The signals that ask a process to end, as events instead of an end in the middle of things.
package enum EndingSignals {
    /// SIGINT, SIGTERM and SIGHUP, without those that whoever started the process had it ignore (nohup, a background job).
    private static var watched: [Int32] { [SIGINT, SIGTERM, SIGHUP].filter { !isIgnored($0) } }

    private static let asked = Atomic<Bool>(false)

    /// Whether the process was asked to end: whatever waits for something without a ``JobControl`` gives up then.
    package static var isAsked: Bool { asked.load(ordering: .acquiring) }

    /// Can be read from, for whoever polls, when the process was asked to end, and ever after. Negative where the kernel gives none: a wait then ends late.
    static let descriptor = holdfast_event_descriptor()

    /// Pauses the calling thread; false when the process was asked to end, which ends the pause at once.
    package static func sleep(for duration: Duration, on clock: any WallClock) -> Bool {
        let slice = Duration.milliseconds(100)
        var left = duration
        while left > .zero, !isAsked {
            clock.sleep(for: min(left, slice))
            left -= slice
        }
        return !isAsked
    }

    /// Throws ``Cancelled`` when the process was asked to end: for loops over what lies in a place, which can be any amount. `count`: of things of a
    /// millisecond each that were done before; a few of them are done to their end.
    package static func check(after count: Int) throws(Cancelled) { if count % 64 == 0, count > 0, isAsked { throw Cancelled() } }

    /// Called once, before the process starts other threads, which take over the mask. `first` is run at the first signal, `second` at
    /// each later one, both on a thread of their own. A reader that goes away (SIGPIPE) becomes a write that fails.
    package static func watch(first: @escaping @Sendable () -> Void, second: @escaping @Sendable () -> Void) throws(SystemError) {
        signal(SIGPIPE, SIG_IGN)
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in watched { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let awaited = signals
        _ = try WorkerThread(named: "signals") {
            var signals = awaited
            var number: Int32 = 0
            while sigwait(&signals, &number) != 0 {}
            asked.store(true, ordering: .releasing)
            holdfast_raise_event(descriptor)
            first()
            while true {
                if sigwait(&signals, &number) == 0 { second() }
            }
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
