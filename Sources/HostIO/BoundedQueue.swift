/// A first-in first-out queue of at most `capacity` elements between threads.
package final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var elements: [Element?] = []
        var head = 0
        var closed = false
        var problem: (any Error)?

        var count: Int { elements.count - head }

        mutating func takeFirst() -> Element? {
            guard head < elements.count else { return nil }
            defer { compact() }
            defer { head += 1 }
            return elements[head].take()
        }

        private mutating func compact() {
            if head == elements.count {
                elements.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= 64, head * 2 > elements.count {
                elements.removeFirst(head)
                head = 0
            }
        }
    }

    private let capacity: Int
    private let monitor = Monitor(State())

    /// A capacity below 1 counts as 1.
    package init(capacity: Int) { self.capacity = max(1, capacity) }

    /// Waits while the queue is full. After ``close()`` it throws ``QueueClosed``; after ``fail(_:)`` that error.
    package func push(_ element: Element) throws {
        try monitor.wait { state -> Void? in
            if let problem = state.problem { throw problem }
            if state.closed { throw QueueClosed() }
            if state.count >= capacity { return nil }
            return state.elements.append(element)
        }
    }

    /// Waits while the queue is empty; nil when it is closed and drained. After ``fail(_:)`` it throws that error at once.
    package func pop() throws -> Element? {
        try monitor.wait { state -> Element?? in
            if let problem = state.problem { throw problem }
            if let element = state.takeFirst() { return .some(element) }
            return state.closed ? .some(nil) : nil
        }
    }

    /// No more will be pushed; what is in the queue can still be popped.
    package func close() { monitor.change { $0.closed = true } }

    /// Wakes all on both sides, who throw `error`; what is in the queue is dropped. The first error stays.
    package func fail(_ error: any Error) {
        monitor.change { state in
            if state.problem == nil { state.problem = error }
            state.elements = []
            state.head = 0
        }
    }
}

/// Something was pushed into a queue after it was closed.
package struct QueueClosed: Error {
    package init() {}
}

/// A budget, of bytes for example, that threads share.
package final class Limiter: Sendable {
    private struct State: Sendable {
        var free: Int
        var problem: (any Error)?
    }

    private let total: Int
    private let monitor: Monitor<State>

    package init(_ total: Int) {
        self.total = max(1, total)
        monitor = Monitor(State(free: max(1, total)))
    }

    /// Waits until `amount` is free. More than the whole budget is given when nothing else is out. Returns what to give back.
    package func take(_ amount: Int) throws -> Int {
        let amount = min(max(amount, 0), total)
        return try monitor.wait { state -> Int? in
            if let problem = state.problem { throw problem }
            guard state.free >= amount else { return nil }
            state.free -= amount
            return amount
        }
    }

    package func giveBack(_ amount: Int) { monitor.change { $0.free += amount } }

    /// Wakes all who wait, who throw `error`.
    package func fail(_ error: any Error) { monitor.change { $0.problem = $0.problem ?? error } }
}

/// Something that happens once, and that threads can wait for.
package final class Event: Sendable {
    private let monitor = Monitor(false)

    package init() {}

    package func set() { monitor.change { $0 = true } }
    package var isSet: Bool { monitor.read { $0 } }
    package func wait() { monitor.wait { $0 ? () : nil } }
    /// Whether it has happened within `patience`.
    package func wait(atMost patience: Duration) -> Bool { monitor.wait(atMost: patience) { $0 ? true : nil } ?? false }
}
