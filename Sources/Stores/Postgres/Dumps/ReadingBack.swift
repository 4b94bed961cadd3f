import HostIO

/// What the server has of some pages of a table after loading.
struct ReadBack: Sendable {
    struct Step: Sendable {
        var pages: Range<UInt64>
        var sum: RowSum
        /// Of rows on these pages that were not there yet for the snapshot in which they were read: a condition.
        var isLater: String
    }

    /// ``RowSession/Facts/number`` of the table.
    var number: String
    /// In the order of the pages, each of which is in one of them at most.
    var steps: [Step]

    /// Ranges of pages between and behind the steps; the last one ends at `end`.
    func rest(to end: UInt64) -> [Range<UInt64>] {
        var rest: [Range<UInt64>] = []
        var next: UInt64 = 0
        for step in steps {
            if next < step.pages.lowerBound { rest.append(next..<step.pages.lowerBound) }
            next = step.pages.upperBound
        }
        if next < end { rest.append(next..<end) }
        return rest
    }
}

/// Which pages of a table can be read back while others are still being filled, by several sessions that load a part in a transaction each.
///
/// Pages that end well before where the table ended when the oldest open transaction began get few more rows: such as fit into what is left of a
/// page, which the server's map of free space tells. Where sums differ, ``RowComparison`` adds those.
final class ReadingBack: Sendable {
    struct Sizes: Sendable {
        /// Bytes of rows as text that a session loads before it commits.
        var part = 16 << 20
        /// Pages that are read at once: 16 MiB of pages as they are by default.
        var step: UInt64 = 2048
        /// Pages before the end that are left alone: as many as one page of the map of free space tells of.
        var margin: UInt64 = 4096
        /// A step that turns out to have more bytes of rows is given up when all has been loaded.
        var patience = 64 << 20
    }

    /// A step is not wanted any more.
    struct GivenUp: Error {}

    private struct State: Sendable {
        /// Where the table ended when the transaction of each session began; nil when there will be no more.
        var ends: [UInt64?]
        var isStopped = false
        var next: UInt64 = 0
        var result: ReadBack?

        var hasEnded: Bool { isStopped || ends.allSatisfy { $0 == nil } }
    }

    let sizes: Sizes
    private let state: Monitor<State>

    init(sessions: Int, _ sizes: Sizes = Sizes()) {
        self.sizes = sizes
        state = Monitor(State(ends: Array(repeating: 0, count: sessions)))
    }

    /// Says where the table ends before a session begins a transaction; nil when it has begun its last and that is over.
    func note(end: UInt64?, of session: Int) { state.change { $0.ends[session] = end } }

    /// No more pages are given out, and what is being read is not wanted.
    func stop() { state.change { $0.isStopped = true } }

    /// The next pages, which are the caller's; waits for them. Nil when all sessions have come to their ends.
    func next() -> Range<UInt64>? {
        let sizes = sizes
        return state.wait { state -> Range<UInt64>?? in
            guard !state.hasEnded, let end = state.ends.lazy.compactMap({ $0 }).min() else { return .some(nil) }
            guard end >= state.next + sizes.step + sizes.margin else { return nil }
            defer { state.next += sizes.step }
            return .some(state.next..<(state.next + sizes.step))
        }
    }

    /// Throws ``GivenUp`` when the rest of a step of which so many bytes have been read is not wanted.
    func check(after bytes: Int) throws {
        let isWanted = state.read { !$0.isStopped && !($0.hasEnded && bytes > sizes.patience) }
        if !isWanted { throw GivenUp() }
    }

    /// `number`: ``RowSession/Facts/number`` of the table.
    func add(_ step: ReadBack.Step, of number: String) {
        state.change { $0.result = ReadBack(number: number, steps: ($0.result?.steps ?? []) + [step]) }
    }

    /// What has been added; nil when nothing has.
    var result: ReadBack? {
        state.read { state in
            state.result.map { ReadBack(number: $0.number, steps: $0.steps.sorted { $0.pages.lowerBound < $1.pages.lowerBound }) }
        }
    }
}
