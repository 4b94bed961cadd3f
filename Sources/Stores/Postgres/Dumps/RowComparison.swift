import HostIO
import Model
import Synchronization

/// The rows in the tables of a server's database against those of an image, several pieces of them at a time; nothing of them is written anywhere.
struct RowComparison {
    let target: DumpTarget
    let dump: DatabaseDump
    let sums: RowSums
    let job: JobControl
    /// Pages of the server that one job reads: 128 MiB.
    var pagesInPiece: UInt64 = 16_384

    private enum Piece: Sendable {
        /// Of the image; the number of a table.
        case image(Int)
        case server(Int, RowSession.Facts, Range<UInt64>?)
    }

    private struct Sums {
        var image: RowSum?
        var server = RowSum()

        static func + (left: Sums, right: Sums) -> Sums {
            Sums(image: left.image.flatMap { one in right.image.map { one + $0 } }, server: left.server + right.server)
        }
    }

    /// A table of the database that the dump has no rows of has to be empty.
    func areSame() throws -> Bool {
        let session = try RowSession(target, dump)
        defer { session.connection.close() }
        var pieces: [Piece] = []
        var others = try session.tables()
        var tables: [RowSession.Facts] = []
        for table in dump.tables {
            guard let facts = try session.facts(of: table) else { return false }
            tables.append(facts)
        }
        // Tables of a dump whose rows go into one with partitions are compared with all of that, and so are its partitions.
        var roots: [String: String] = [:]
        for root in Set(tables.filter(\.isPartitioned).map(\.number)) {
            for partition in try session.partitions(of: root) { roots[partition] = root }
        }
        for number in roots.keys { others[number] = nil }
        var known: Set<String> = []
        let numbers = tables.map { roots[$0.number] ?? $0.number }
        for (index, facts) in tables.enumerated() {
            others[facts.number] = nil
            if facts.number == numbers[index], known.insert(facts.number).inserted { pieces += self.pieces(of: index, facts) }
            if sums.find(dump.tables[index], in: dump) == nil { pieces.append(.image(index)) }
        }
        for name in others.values {
            try job.checkCancelled()
            if try session.connection.isTrue("SELECT EXISTS (SELECT FROM ONLY \(name))") { return false }
        }
        let sums = Dictionary(zip(numbers, try add(pieces)), uniquingKeysWith: +)
        return sums.values.allSatisfy { $0.image == $0.server }
    }

    /// A table that is small is read as a whole.
    private func pieces(of index: Int, _ facts: RowSession.Facts) -> [Piece] {
        guard facts.pages > pagesInPiece else { return [.server(index, facts, nil)] }
        let starts = stride(from: 0, to: facts.pages, by: Int(pagesInPiece))
        return starts.map { start in
            // What has come behind the last page meanwhile is part of it.
            let end = start + pagesInPiece < facts.pages ? start + pagesInPiece : UInt64(UInt32.max)
            return .server(index, facts, start..<end)
        }
    }

    private func add(_ pieces: [Piece]) throws -> [Sums] {
        let found = Mutex(dump.tables.map { Sums(image: sums.find($0, in: dump)) })
        try runWorkers(target.host.processors, sharing: pieces.count, named: "compare") { next in
            let session = try RowSession(target, dump)
            defer { session.connection.close() }
            while let index = next() {
                switch pieces[index] {
                case .image(let table):
                    let sum = try dump.rows(of: dump.tables[table], sums.key, job)
                    sums.note(sum, of: dump.tables[table], in: dump)
                    found.withLock { $0[table].image = sum }
                case .server(let table, let facts, let pages):
                    let sum = try session.sum(dump.tables[table], facts, pages, sums.key, job)
                    found.withLock { $0[table].server = $0[table].server + sum }
                }
            }
        }
        return found.withLock { $0 }
    }
}
