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
        /// Rows of a step of the server's that came after it was read.
        case later(Int, RowSession.Facts, ReadBack.Step)
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
        var backs: [TableReadBack] = []
        for (index, facts) in tables.enumerated() {
            others[facts.number] = nil
            if facts.number == numbers[index], known.insert(facts.number).inserted {
                let back = sums.takeReadBack(dump.tables[index], in: dump).flatMap { $0.number == facts.number ? $0 : nil }
                if let back { backs.append(TableReadBack(table: index, facts: facts, back: back)) }
                pieces += self.pieces(of: index, facts, back)
            }
            if sums.find(dump.tables[index], in: dump) == nil { pieces.append(.image(index)) }
        }
        for name in others.values {
            try job.checkCancelled()
            if try session.connection.isTrue("SELECT EXISTS (SELECT FROM ONLY \(name))") { return false }
        }
        var found = try add(pieces)
        for back in backs { found[back.table].server = found[back.table].server + back.sum }
        if areSame(found, numbers) { return true }
        // Rows may have come on pages after these had been read.
        backs = backs.filter { found[$0.table].image != found[$0.table].server }
        for back in backs { found[back.table].server = try again(back, found[back.table]) }
        return !backs.isEmpty && areSame(found, numbers)
    }

    private struct TableReadBack {
        var table: Int
        var facts: RowSession.Facts
        var back: ReadBack

        var sum: RowSum { back.steps.reduce(RowSum()) { $0 + $1.sum } }
    }

    private func areSame(_ sums: [Sums], _ numbers: [String]) -> Bool {
        Dictionary(zip(numbers, sums), uniquingKeysWith: +).values.allSatisfy { $0.image == $0.server }
    }

    /// Adds the rows that have come since their pages were read, and reads everything when that is not it.
    private func again(_ back: TableReadBack, _ sums: Sums) throws -> RowSum {
        let later = try add(back.back.steps.map { .later(back.table, back.facts, $0) })[back.table].server
        if sums.server + later == sums.image { return sums.server + later }
        return try add(pieces(of: back.table, back.facts, nil))[back.table].server
    }

    /// All of it that was not read back. A table that is small is read as a whole.
    private func pieces(of index: Int, _ facts: RowSession.Facts, _ back: ReadBack?) -> [Piece] {
        guard let back else {
            guard facts.pages > pagesInPiece else { return [.server(index, facts, nil)] }
            return pieces(of: index, facts, 0..<Self.end)
        }
        return back.rest(to: Self.end).flatMap { pieces(of: index, facts, $0) }
    }

    /// What has come behind the last page meanwhile is part of the last piece.
    private func pieces(of index: Int, _ facts: RowSession.Facts, _ pages: Range<UInt64>) -> [Piece] {
        let last = pages.upperBound == Self.end ? max(facts.pages, pages.lowerBound + 1) : pages.upperBound
        return stride(from: pages.lowerBound, to: last, by: Int(pagesInPiece)).map { start in
            .server(index, facts, start..<(start + pagesInPiece < last ? start + pagesInPiece : pages.upperBound))
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
                    let sum = try session.sum(dump.tables[table], facts, pages, sums.key) { _ in try job.checkCancelled() }
                    found.withLock { $0[table].server = $0[table].server + sum }
                case .later(let table, let facts, let step):
                    let sum = try session.sum(dump.tables[table], facts, step.pages, where: step.isLater, sums.key) { _ in
                        try job.checkCancelled()
                    }
                    found.withLock { $0[table].server = $0[table].server + sum }
                }
            }
        }
        return found.withLock { $0 }
    }
}
