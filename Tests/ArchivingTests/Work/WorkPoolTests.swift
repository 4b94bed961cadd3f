import HostIO
import Synchronization
import Testing

@testable import Archiving

@Suite(.timeLimit(.minutes(1))) struct WorkPoolTests {
    private struct Stop: Error {}

    @Test(arguments: [1, 2, 8]) func `all jobs are done, also those that jobs push`(threads: Int) throws {
        let pool = WorkPool<Int>()
        let done = Mutex(0)
        pool.push(14, .late)
        try pool.run(threads: threads, named: "test", job: JobControl(), worker: { () }) { _, level in
            done.withLock { $0 += 1 }
            if level > 0 { pool.push([level - 1, level - 1], level % 2 == 0 ? .ordinary : .late) }
        }
        #expect(done.withLock { $0 } == 1 << 15 - 1)
    }

    @Test func `urgent jobs come first and in order`() throws {
        let pool = WorkPool<String>()
        let order = Mutex<[String]>([])
        pool.push(["late"], .late)
        pool.push(["ordinary 1", "ordinary 2"], .ordinary)
        pool.push((0..<600).map { "urgent \($0)" }, .urgent)
        try pool.run(threads: 1, named: "test", job: JobControl(), worker: { () }) { _, job in order.withLock { $0.append(job) } }
        #expect(order.withLock { $0 } == (0..<600).map { "urgent \($0)" } + ["ordinary 2", "ordinary 1", "late"])
    }

    @Test func `the first error ends all and is thrown`() throws {
        let pool = WorkPool<Int>()
        pool.push(Array(0..<1000), .ordinary)
        #expect(throws: Stop.self) {
            try pool.run(threads: 4, named: "test", job: JobControl(), worker: { () }) { _, job in if job == 500 { throw Stop() } }
        }
    }

    @Test func `whoever waits for a token does urgent jobs meanwhile`() throws {
        let pool = WorkPool<Int>(tokens: 1)
        let given = Mutex(0)
        pool.push(0, .ordinary)
        try pool.run(threads: 1, named: "test", job: JobControl(), worker: { () }) { _, job in
            guard job == 0 else { return }
            for _ in 0..<10 {
                while true {
                    guard case .job(let urgent) = try pool.tokenOrUrgent() else { break }
                    #expect(urgent == 1)
                    pool.giveBackToken()
                }
                given.withLock { $0 += 1 }
                pool.push(1, .urgent)
            }
        }
        #expect(given.withLock { $0 } == 10)
    }
}
