import HostIO
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ThreadsTests {
    struct Broken: Error, Equatable { var index: Int }

    @Test func everyWorkerRunsOnce() throws {
        let seen = Mutex<[Int]>([])
        try runWorkers(16, named: "test") { index in seen.withLock { $0.append(index) } }
        #expect(seen.withLock { $0.sorted() } == Array(0..<16))
    }

    @Test func theFirstErrorStopsTheOthersAndIsThrown() {
        let stop = StopFlag()
        #expect(throws: Broken(index: 3)) {
            try runWorkers(8, stop: stop) { index in
                if index == 3 { throw Broken(index: 3) }
                while !stop.isSet { sleepThread(for: .milliseconds(1)) }
            }
        }
        #expect(stop.isSet)
    }

    @Test func eachItemIsTakenOnceAndNoneAfterAFailure() throws {
        let seen = Mutex<[Int]>([])
        try runWorkers(4, sharing: 1000) { next in while let item = next() { seen.withLock { $0.append(item) } } }
        #expect(seen.withLock { $0.sorted() } == Array(0..<1000))
        try runWorkers(4, sharing: 0) { _ in Issue.record("there is nothing to do") }
        let taken = Atomic<Int>(0)
        #expect(throws: Broken(index: 5)) {
            try runWorkers(1, sharing: 1000) { next in
                while let item = next() {
                    taken.add(1, ordering: .relaxed)
                    if item == 5 { throw Broken(index: item) }
                }
            }
        }
        #expect(taken.load(ordering: .relaxed) == 6)
        let stop = StopFlag()
        try runWorkers(2, sharing: 1000, stop: stop) { next in
            while let item = next() { if item == 7 { stop.set() } }
            #expect(next() == nil)
        }
    }

    @Test func anErrorReachesThoseWhoWaitOnAQueue() {
        let queue = BoundedQueue<Int>(capacity: 2)
        #expect(throws: Broken(index: 0)) {
            try runWorkers(4, onFailure: { queue.fail($0) }) { index in
                if index == 0 { throw Broken(index: 0) }
                _ = try queue.pop()
            }
        }
    }

    @Test func aThreadCanBeJoinedTwiceAndThrowsEachTime() throws {
        let thread = try WorkerThread(named: "a name that is too long") { throw Broken(index: 1) }
        for _ in 0..<2 { #expect(throws: Broken(index: 1)) { try thread.join() } }
    }

    @Test func everythingPushedByManyIsPoppedByManyExactlyOnce() throws {
        let queue = BoundedQueue<Int>(capacity: 5)
        let sums = (0..<4).map { _ in Cell() }
        let producers = Atomic<Int>(4)
        try runWorkers(8) { index in
            if index < 4 {
                for number in 0..<5000 { try queue.push(index * 5000 + number) }
                if producers.subtract(1, ordering: .relaxed).newValue == 0 { queue.close() }
            } else {
                while let number = try queue.pop() {
                    sums[index - 4].sum.add(number, ordering: .relaxed)
                    sums[index - 4].count.add(1, ordering: .relaxed)
                }
            }
        }
        #expect(sums.reduce(0) { $0 + $1.count.load(ordering: .relaxed) } == 20000)
        #expect(sums.reduce(0) { $0 + $1.sum.load(ordering: .relaxed) } == 19999 * 10000)
    }

    private final class Cell: Sendable {
        let sum = Atomic<Int>(0)
        let count = Atomic<Int>(0)
    }

    @Test func oneProducerAndOneConsumerKeepTheOrder() throws {
        let queue = BoundedQueue<Int>(capacity: 3)
        let got = Mutex<[Int]>([])
        try runWorkers(2) { index in
            if index == 0 {
                for number in 0..<3000 { try queue.push(number) }
                queue.close()
            } else {
                while let number = try queue.pop() { got.withLock { $0.append(number) } }
            }
        }
        #expect(got.withLock { $0 } == Array(0..<3000))
    }

    @Test func aPoisonedQueueWakesBothSides() throws {
        let full = BoundedQueue<Int>(capacity: 1)
        try full.push(1)
        let pusher = try WorkerThread(named: "push") { try full.push(2) }
        full.fail(Broken(index: 9))
        #expect(throws: Broken(index: 9)) { try pusher.join() }
        #expect(throws: Broken(index: 9)) { try full.pop() }
        let closed = BoundedQueue<Int>(capacity: 1)
        closed.close()
        #expect(throws: QueueClosed.self) { try closed.push(1) }
        #expect(try closed.pop() == nil)
    }

    @Test func aLimiterNeverGivesMoreThanItHas() throws {
        let limiter = Limiter(100)
        let out = Atomic<Int>(0)
        let worst = Atomic<Int>(0)
        try runWorkers(6) { index in
            for round in 0..<500 {
                let taken = try limiter.take((round * 7 + index) % 130)
                let now = out.add(taken, ordering: .relaxed).newValue
                worst.max(now, ordering: .relaxed)
                out.subtract(taken, ordering: .relaxed)
                limiter.giveBack(taken)
            }
        }
        #expect(worst.load(ordering: .relaxed) <= 100)
        #expect(try limiter.take(1_000_000) == 100)
    }

    @Test func anEventIsWaitedForAndTimesOut() throws {
        let event = Event()
        #expect(!event.wait(atMost: .milliseconds(5)))
        let waiter = try WorkerThread(named: "wait") { event.wait() }
        event.set()
        try waiter.join()
        #expect(event.wait(atMost: .seconds(30)))
    }
}
