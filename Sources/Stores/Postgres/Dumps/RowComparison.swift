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
        var backs: [(table: Int, back: ReadBack)] = []
        for (index, facts) in tables.enumerated() {
            others[facts.number] = nil
            if facts.number == numbers[index], known.insert(facts.number).inserted {
                let back = sums.takeReadBack(dump.tables[index], in: dump).flatMap { $0.number == facts.number ? $0 : nil }
                if let back { backs.append((index, back)) }
                pieces += self.pieces(of: index, facts, from: back?.end ?? 0)
            }
            if sums.find(dump.tables[index], in: dump) == nil { pieces.append(.image(index)) }
        }
        for name in others.values {
            try job.checkCancelled()
            if try session.connection.isTrue("SELECT EXISTS (SELECT FROM ONLY \(name))") { return false }
        }
        var found = try add(pieces)
        for (index, back) in backs { found[index].server = found[index].server + back.sum }
        if areSame(found, numbers) { return true }
        // Rows may have come on pages that had been read before.
        guard !backs.isEmpty else { return false }
        let again = try add(backs.flatMap { self.pieces(of: $0.table, tables[$0.table], from: 0) })
        for (index, _) in backs { found[index].server = again[index].server }
        return areSame(found, numbers)
    }

    private func areSame(_ sums: [Sums], _ numbers: [String]) -> Bool {
        Dictionary(zip(numbers, sums), uniquingKeysWith: +).values.allSatisfy { $0.image == $0.server }
    }

    /// From a page on. A table that is small is read as a whole.
    private func pieces(of index: Int, _ facts: RowSession.Facts, from first: UInt64) -> [Piece] {
        guard facts.pages > pagesInPiece else { return [.server(index, facts, first > 0 ? first..<Self.end : nil)] }
        return stride(from: first, to: facts.pages, by: Int(pagesInPiece)).map { start in
            // What has come behind the last page meanwhile is part of it.
            .server(index, facts, start..<(start + pagesInPiece < facts.pages ? start + pagesInPiece : Self.end))
        }
    }

    private static let end = UInt64(UInt32.max)

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
