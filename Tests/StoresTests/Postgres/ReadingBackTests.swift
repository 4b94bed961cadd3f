import HostIO
import Testing

@testable import PostgresStore

@Suite struct ReadingBackTests {
    private let sizes = ReadingBack.Sizes(part: 1, step: 10, margin: 5)

    @Test func `pages are given out up to where the table ended when the oldest transaction began, less the margin`() throws {
        let pages = ReadingBack(sessions: 2, sizes)
        pages.note(end: 25, of: 0)
        pages.note(end: 30, of: 1)
        #expect(pages.next() == 0..<10)
        #expect(pages.next() == 10..<20)
        pages.note(end: 40, of: 0)
        pages.note(end: nil, of: 1)
        #expect(pages.next() == 20..<30)
        pages.note(end: nil, of: 0)
        #expect(pages.next() == nil)
        pages.add(ReadBack.Step(pages: 20..<30, sum: RowSum(), isLater: "false"), of: "7")
        pages.add(ReadBack.Step(pages: 0..<10, sum: RowSum(), isLater: "false"), of: "7")
        let back = try #require(pages.result)
        #expect(back.number == "7" && back.steps.map(\.pages) == [0..<10, 20..<30])
        #expect(back.rest(to: 90) == [10..<20, 30..<90] && back.rest(to: 30) == [10..<20])
        #expect(ReadBack(number: "7", steps: []).rest(to: 5) == [0..<5])
    }

    @Test func `a step is given up when it is not wanted, or is large and all has been loaded`() throws {
        let pages = ReadingBack(sessions: 1, ReadingBack.Sizes(patience: 100))
        try pages.check(after: 1000)
        pages.note(end: nil, of: 0)
        try pages.check(after: 100)
        #expect(throws: ReadingBack.GivenUp.self) { try pages.check(after: 101) }
        let stopped = ReadingBack(sessions: 1)
        stopped.stop()
        #expect(throws: ReadingBack.GivenUp.self) { try stopped.check(after: 0) }
    }

    @Test(.timeLimit(.minutes(1))) func `who waits for pages gets them, and goes when it is stopped`() throws {
        let pages = ReadingBack(sessions: 2, sizes)
        let found = Monitor<[Range<UInt64>]>([])
        let reader = try WorkerThread(named: "reader") { while let range = pages.next() { found.change { $0.append(range) } } }
        pages.note(end: 100, of: 0)
        pages.note(end: 15, of: 1)
        found.wait { $0.isEmpty ? nil : () }
        pages.stop()
        // Another session may still say where it is.
        pages.note(end: 100, of: 1)
        try reader.join()
        #expect(found.read { $0 } == [0..<10])
    }
}
