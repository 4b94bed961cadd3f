import HostIO
import Model

/// The rows of one table on their way from a server into an image, as a file of a dump has them: a line a row, then `\.` and two empty lines. They
/// come in parts, several of them at a time, and are read in the order of the parts.
final class RowStream: Sendable {
    static let end = Array("\\.\n\n\n".utf8)
    static let statementEnd = " TO stdout;"
    /// Of the part that is read, and of all others together, before whoever has more waits.
    private static let piecesAhead = 16

    /// `COPY public.account (id, name) TO stdout;`
    let statement: String
    let parts: Int
    private let state = Monitor(State())

    private struct State: Sendable {
        /// The part that is read.
        var present = 0
        /// Of parts that are under way or not read yet.
        var pieces: [Int: [[UInt8]]] = [:]
        var ended: Set<Int> = []
        var rows = DumpRows()
        var hasGivenEnd = false
        var problem: (any Error)?
        /// Nobody wants them any more.
        var isGivenUp = false

        /// To the first part that has not been read to its end. Done where others are woken: the room of a part is larger from then on.
        mutating func advance() {
            while pieces[present] == nil, ended.remove(present) != nil { present += 1 }
        }

        /// Pieces in the room that those of `part` have: what is read has room of its own, so that it goes on whatever the others do.
        func count(with part: Int) -> Int {
            part == present
                ? pieces[part]?.count ?? 0 : pieces.reduce(0) { count, entry in entry.key == present ? count : count + entry.value.count }
        }
    }

    init(_ statement: String, parts: Int) { (self.statement, self.parts) = (statement, parts) }

    // MARK: Told by whoever has the rows

    /// Waits while the reader is behind. Pieces may end anywhere.
    func push(_ piece: [UInt8], in part: Int) throws {
        var counted = DumpRows()
        piece.withUnsafeBytes { counted.add($0) }
        try state.wait { state -> Void? in
            if let problem = state.problem { throw problem }
            if state.isGivenUp { throw Failure(.store, "rows of a dump that was given up") }
            guard state.count(with: part) < Self.piecesAhead else { return nil }
            state.pieces[part, default: []].append(piece)
            state.rows += counted
            return ()
        }
    }

    func end(_ part: Int) {
        state.change { state in
            state.ended.insert(part)
            state.advance()
        }
    }

    /// The rows that have come are of no use: whoever reads finds the end, whoever pushes a failure.
    func giveUp() {
        state.change { state in
            state.isGivenUp = true
            state.pieces = [:]
        }
    }

    /// Whoever reads or pushes throws it.
    func fail(_ error: any Error) { state.change { $0.problem = $0.problem ?? error } }

    // MARK: Asked by readers

    /// What has come and was not read, at least a piece; nil at the end.
    func next() throws -> [[UInt8]]? {
        try state.wait { state -> [[UInt8]]?? in
            if let problem = state.problem { throw problem }
            if state.isGivenUp { return .some(nil) }
            if let pieces = state.pieces.removeValue(forKey: state.present) {
                state.advance()
                return .some(pieces)
            }
            guard state.present == parts else { return nil }
            if state.hasGivenEnd { return .some(nil) }
            state.hasGivenEnd = true
            return .some([Self.end])
        }
    }

    /// Counted, without the end.
    var rows: DumpRows { state.read { $0.rows } }
    var isWhole: Bool { state.read { $0.present + $0.ended.count == parts } }
}
