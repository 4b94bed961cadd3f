import HostIO

/// What the server has of a table's first pages after loading.
struct ReadBack: Sendable {
    /// ``RowSession/Facts/number`` of the table.
    var number: String
    /// The first that was not read.
    var end: UInt64
    var sum: RowSum
}

/// Which pages of a table can be read back while others are still being filled, by several sessions that load a part in a transaction each.
///
/// A page below the end that the table had when the oldest open transaction began gets no more rows, but for those that a session had kept for its
/// next ones, and these lie near that end. Nothing relies on it: where sums differ, ``RowComparison`` reads all pages again.
final class ReadingBack: Sendable {
    struct Sizes: Sendable {
        /// Bytes of rows as text that a session loads before it commits.
        var part = 16 << 20
        /// Pages that are read at once: 16 MiB.
        var step: UInt64 = 2048
        /// Pages before the end that are left alone: 8 MiB.
        var margin: UInt64 = 1024
    }

    private struct State: Sendable {
        /// Where the table ended when the transaction of each session began; nil when there will be no more.
        var ends: [UInt64?]
        var isStopped = false
        var next: UInt64 = 0
        var sum = RowSum()
    }

    let sizes: Sizes
    private let state: Monitor<State>

    init(sessions: Int, _ sizes: Sizes = Sizes()) {
        self.sizes = sizes
        state = Monitor(State(ends: Array(repeating: 0, count: sessions)))
    }

    /// Says where the table ends before a session begins a transaction; nil when it has begun its last and that is over.
    func note(end: UInt64?, of session: Int) { state.change { $0.ends[session] = end } }

    /// No more pages are given out.
    func stop() { state.change { $0.isStopped = true } }

    /// The next pages, which are the caller's; waits for them. Nil when all sessions have come to their ends.
    func next() -> Range<UInt64>? {
        let sizes = sizes
        return state.wait { state -> Range<UInt64>?? in
            guard !state.isStopped, let end = state.ends.lazy.compactMap({ $0 }).min() else { return .some(nil) }
            guard end >= state.next + sizes.step + sizes.margin else { return nil }
            defer { state.next += sizes.step }
            return .some(state.next..<(state.next + sizes.step))
        }
    }

    func add(_ sum: RowSum) { state.change { $0.sum = $0.sum + sum } }

    /// When all that was given out has been added.
    func result(_ number: String) -> ReadBack { state.read { ReadBack(number: number, end: $0.next, sum: $0.sum) } }
}
