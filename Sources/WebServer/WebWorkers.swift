import HostIO
import Synchronization

/// The threads that answer requests; they may wait, as the event loop must not.
final class WebWorkers: Sendable {
    private let queue: BoundedQueue<@Sendable () -> Void>
    private let waiting = Atomic<Int>(0)
    private let most: Int
    private let threads: [WorkerThread]

    init(_ limits: WebLimits) throws {
        let queue = BoundedQueue<@Sendable () -> Void>(capacity: limits.waiting + limits.threads)
        self.queue = queue
        most = limits.waiting + limits.threads
        threads = try (0..<limits.threads).map { number in
            try WorkerThread(named: "web \(number)") { while let work = try queue.pop() { work() } }
        }
    }

    /// False when there is too much to do.
    func take(_ work: @escaping @Sendable () -> Void) -> Bool {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= most else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        do {
            try queue.push { [waiting = self] in
                work()
                waiting.waiting.wrappingSubtract(1, ordering: .relaxed)
            }
            return true
        } catch { return false }
    }

    /// What was taken is done first.
    func stop() {
        queue.close()
        for thread in threads { try? thread.join() }
    }
}
