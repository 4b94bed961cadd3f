/// Records of the write-ahead log as `pg_waldump` prints them.
package struct LogRecords {
    /// A relation by the numbers of its tablespace, its database (0: shared) and its file.
    package struct Relation: Hashable, Comparable {
        package var tablespace: UInt32
        package var database: UInt32
        package var file: UInt32

        package init(tablespace: UInt32, database: UInt32, file: UInt32) {
            self.tablespace = tablespace
            self.database = database
            self.file = file
        }

        package static func < (left: Relation, right: Relation) -> Bool {
            (left.database, left.tablespace, left.file) < (right.database, right.tablespace, right.file)
        }
    }

    /// Whose content was changed.
    package private(set) var relations: Set<Relation> = []
    /// Other changes, by what they are: `Database CREATE`.
    package private(set) var others: Set<String> = []

    package var isEmpty: Bool { relations.isEmpty && others.isEmpty }

    package init(parsing text: String) {
        for line in text.split(separator: "\n") { note(line) }
    }

    private mutating func note(_ line: Substring) {
        guard line.hasPrefix("rmgr: "), let description = Self.part("desc: ", of: line) else { return }
        let manager = line.dropFirst(6).prefix { !$0.isWhitespace }
        let kind = description.prefix { $0 != " " && $0 != "," }
        guard !Self.isHarmless(String(manager), String(kind)) else { return }
        let found = Self.relations(of: description)
        if found.isEmpty { others.insert("\(manager) \(kind)") } else { relations.formUnion(found) }
    }

    /// Where the record of a line ends: the pages that it goes through have headers, of 24 bytes, the first of a segment of 40, and records
    /// begin at multiples of eight (xlog_internal.h). After a switch the rest of the segment is empty.
    package static func end(of line: Substring, segmentSize: UInt64) -> LogPosition? {
        guard let place = part("lsn: ", of: line)?.prefix(while: { $0 != "," }), let start = LogPosition(parsing: place),
            let lengths = part("len (rec/tot):", of: line)?.prefix(while: { $0 != "," }).split(separator: "/"), lengths.count == 2,
            let length = UInt64(lengths[1].trimmingPrefix { $0 == " " }), segmentSize >= 1 << 20
        else { return nil }
        if line.hasPrefix("rmgr: XLOG "), part("desc: ", of: line)?.hasPrefix("SWITCH") == true {
            return LogPosition((start.bytes / segmentSize + 1) * segmentSize)
        }
        var position = start.bytes
        var rest = (length + 7) & ~7
        while rest > 0 {
            if position % page == 0 { position += position % segmentSize == 0 ? 40 : 24 }
            let taken = min(rest, page - position % page)
            position += taken
            rest -= taken
        }
        return LogPosition(position)
    }

    private static let page: UInt64 = 8192

    private static func part(_ mark: String, of line: Substring) -> Substring? {
        line.ranges(of: mark).first.map { line[$0.upperBound...] }
    }

    private static func relations(of description: Substring) -> [Relation] {
        description.ranges(of: " rel ").compactMap { range in
            let numbers = description[range.upperBound...].prefix { $0.isASCII && ($0.isNumber || $0 == "/") }.split(separator: "/")
                .compactMap { UInt32($0) }
            return numbers.count == 3 ? Relation(tablespace: numbers[0], database: numbers[1], file: numbers[2]) : nil
        }
    }

    /// Bookkeeping: checkpoints, hints, cleaning up of what nobody sees any more, ends of transactions (what they changed has records of its
    /// own).
    private static func isHarmless(_ manager: String, _ kind: String) -> Bool {
        switch manager {
        case "XLOG": kind != "FPI"
        case "Standby", "Transaction", "CLOG", "CommitTs", "MultiXact", "LogicalMessage", "ReplicationOrigin": true
        case "Heap2": kind.hasPrefix("PRUNE") || ["VACUUM", "VISIBLE", "FREEZE_PAGE", "LOCK_UPDATED"].contains(kind)
        case "Heap": kind == "LOCK" || kind == "INPLACE"
        case "Btree": ["VACUUM", "DELETE", "DEDUP", "REUSE_PAGE"].contains(kind)
        default: false
        }
    }
}
