import HostIO

/// The rows of one table on their way from a server into an image, as a file of a dump has them: a line a row, then `\.` and two empty lines. They
/// come in parts, several of them at a time, and are read in the order of the parts.
final class RowStream: Sendable {
    static let end = Array("\\.\n\n\n".utf8)
    static let statementEnd = " TO stdout;"
    /// Of each part that is read ahead.
    private static let piecesAhead = 16

    /// `COPY public.account (id, name) TO stdout;`
    let statement: String
    let parts: Int
    private let state: Monitor<State>

    private struct State: Sendable {
        /// The part that is read.
        var present = 0
        var pieces: [[[UInt8]]]
        var isWhole: [Bool]
        var rows = DumpRows()
        var hasGivenEnd = false
        var problem: (any Error)?
    }

    init(_ statement: String, parts: Int) {
        (self.statement, self.parts) = (statement, parts)
        state = Monitor(State(pieces: Array(repeating: [], count: parts), isWhole: Array(repeating: false, count: parts)))
    }

    // MARK: Told by whoever has the rows

    /// Waits while the reader is behind. Pieces may end anywhere.
    func push(_ piece: [UInt8], in part: Int) throws {
        var counted = DumpRows()
        piece.withUnsafeBytes { counted.add($0) }
        try state.wait { state -> Void? in
            if let problem = state.problem { throw problem }
            guard state.pieces[part].count < Self.piecesAhead else { return nil }
            state.pieces[part].append(piece)
            state.rows += counted
            return ()
        }
    }

    func end(_ part: Int) { state.change { $0.isWhole[part] = true } }

    /// Whoever reads or pushes throws it.
    func fail(_ error: any Error) { state.change { $0.problem = $0.problem ?? error } }

    // MARK: Asked by readers

    /// What has come and was not read, at least a piece; nil at the end.
    func next() throws -> [[UInt8]]? {
        try state.wait { state -> [[UInt8]]?? in
            if let problem = state.problem { throw problem }
            while state.present < parts {
                let pieces = state.pieces[state.present]
                guard pieces.isEmpty else {
                    state.pieces[state.present] = []
                    return .some(pieces)
                }
                guard state.isWhole[state.present] else { return nil }
                state.present += 1
            }
            if state.hasGivenEnd { return .some(nil) }
            state.hasGivenEnd = true
            return .some([Self.end])
        }
    }

    /// Counted, without the end.
    var rows: DumpRows { state.read { $0.rows } }
    var isWhole: Bool { state.read { $0.isWhole.allSatisfy(\.self) } }
}
