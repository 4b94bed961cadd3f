import CHost
import Glibc
import Synchronization

/// A wish to stop, shared by threads that work on one thing.
package final class StopFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package func set() { flag.store(true, ordering: .releasing) }
    package var isSet: Bool { flag.load(ordering: .acquiring) }
    package func check() throws(Cancelled) { if isSet { throw Cancelled() } }
}

/// A thread of our own with a stack of 8 MiB. Whoever starts it joins it.
package final class WorkerThread: Sendable {
    // The one thing that changes is whether it was joined.
    private let outcome = Monitor<Result<Void, any Error>?>(nil)
    private let identity: Mutex<pthread_t?>

    /// `name` is cut to 15 bytes.
    package init(named name: String, _ body: @escaping @Sendable () throws -> Void) throws(SystemError) {
        identity = Mutex(nil)
        let outcome = outcome
        let start = StartOfThread(name: name) {
            let result = Result { try body() }
            outcome.change { $0 = result }
        }
        let started = try start.launch()
        identity.withLock { $0 = started }
    }

    /// Waits for the end and throws what the body threw. Any number of threads may join, any number of times.
    package func join() throws {
        let result = outcome.wait { $0 }
        let remaining = identity.withLock { identity in
            defer { identity = nil }
            return identity
        }
        if let remaining { pthread_join(remaining, nil) }
        try result.get()
    }

    deinit {
        if let left = identity.withLock({ $0 }) { pthread_detach(left) }
    }
}

private final class StartOfThread: Sendable {
    private let name: String
    private let body: @Sendable () -> Void

    init(name: String, _ body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }

    func launch() throws(SystemError) -> pthread_t {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 8 << 20)
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let status = pthread_create(&thread, &attributes, { StartOfThread.run($0) }, retained.toOpaque())
        if status != 0 {
            retained.release()
            throw SystemError(status, "start", "thread \(name)")
        }
        return thread
    }

    private static func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        let start = Unmanaged<StartOfThread>.fromOpaque(argument).takeRetainedValue()
        _ = holdfast_name_thread(String(decoding: start.name.utf8.prefix(15), as: UTF8.self))
        start.body()
        return nil
    }
}

/// Runs `body` with 0 ..< `count` on as many threads and returns when all have ended. The first error in time sets `stop` and calls
/// `onFailure` (to poison queues that others wait on), and is thrown after the last thread has ended.
package func runWorkers(
    _ count: Int, named name: String = "worker", stop: StopFlag = StopFlag(), onFailure: @escaping @Sendable (any Error) -> Void = { _ in },
    _ body: @Sendable (Int) throws -> Void
) throws {
    let first = Mutex<(any Error)?>(nil)
    try withoutActuallyEscaping(body) { body in
        let fail: @Sendable (any Error) -> Void = { error in
            let isFirst = first.withLock { first in
                defer { first = first ?? error }
                return first == nil
            }
            guard isFirst else { return }
            stop.set()
            onFailure(error)
        }
        var threads: [WorkerThread] = []
        for index in 0..<max(count, 0) {
            do {
                threads.append(
                    try WorkerThread(named: "\(name) \(index)") { do { try body(index) } catch { fail(error) } })
            } catch {
                fail(error)
                break
            }
        }
        for thread in threads { try thread.join() }
    }
    if let error = first.withLock({ $0 }) { throw error }
}

/// The same, for `items` that the threads take from each other: `next` gives the index of one that nobody has, and nil when none is left or when
/// another thread has failed.
package func runWorkers(
    _ count: Int, sharing items: Int, named name: String = "worker", stop: StopFlag = StopFlag(),
    _ body: @Sendable (_ next: () -> Int?) throws -> Void
) throws {
    let taken = Atomic<Int>(0)
    try runWorkers(min(count, items), named: name, stop: stop) { _ in
        try body {
            guard !stop.isSet else { return nil }
            let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
            return index < items ? index : nil
        }
    }
}

/// Sleeps for all of `duration` on the calling thread.
package func sleepThread(for duration: Duration) {
    var deadline = timespec.monotonic(after: duration)
    while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nil) == EINTR {}
}
