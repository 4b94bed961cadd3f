import HostIO
@testable import PostgresStore
import ResticFormat
import TestSupport
import Testing

@Suite struct RowSumTests {
    private let key = RowKey(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)

    private func hash(_ count: Int) -> String {
        let bytes = (0..<count).map { UInt8($0) }
        let (low, high) = bytes.withUnsafeBytes { key.hash($0) }
        return [low, high].map { word in (0..<8).map { hex(UInt8(truncatingIfNeeded: word >> UInt64($0 * 8))) }.joined() }.joined()
    }

    private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    /// Of an implementation in another language, whose results for 2 and 4 rounds are those of the reference implementation (vectors_sip128).
    @Test func `the hash is SipHash-1-3 of 128 bits`() {
        #expect(hash(0) == "e77ebcb22788a5befd62db6add303001")
        #expect(hash(1) == "fc6f370460d3eda85e0573cc2b2ff063")
        #expect(hash(2) == "75787f090569839b855bc9548c6aea95")
        #expect(hash(15) == "c17e5505b2bd526c2921cdec1e7e0109")
    }

    private func split(_ text: String, pieces: (Int) -> Int) throws -> (sum: RowSum, sent: String, isWhole: Bool) {
        var splitting = RowSplitting(key)
        var sent: [UInt8] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + max(1, pieces(start)))
            try bytes[start..<end].withUnsafeBytes { piece in try splitting.take(piece) { sent += $0 } }
            start = end
        }
        return (splitting.sum, String(decoding: sent, as: UTF8.self), splitting.isWhole)
    }

    @Test func `rows are the same however the file comes, in whatever order they are`() throws {
        var random = SeededRandom(named: "rows")
        let rows = ["1\tone\n", "2\t\n", "\n", "\\\\.\n", ".\n", "\\N\n", "3\tüü\n", "\n"]
        let end = "\\.\n\n\n"
        let whole = try split(rows.joined() + end) { _ in 1 << 20 }
        #expect(whole.sent == rows.joined() && whole.sum.rows == 8 && whole.isWhole)
        for _ in 0..<200 {
            let shuffled = rows.shuffled(using: &random)
            let pieces = (0..<100).map { _ in Int.random(in: 1...9, using: &random) }
            let found = try split(shuffled.joined() + end) { pieces[$0 % 100] }
            #expect(found.sum == whole.sum && found.sent == shuffled.joined() && found.isWhole)
        }
        let others = [rows.dropLast().joined(), rows.joined() + "\n", rows.joined().replacing("one", with: "two")]
        for text in others { #expect(try split(text + end) { _ in 5 }.sum != whole.sum) }
        #expect(try !split(rows.joined()) { _ in 5 }.isWhole, "cut short")
        let empty = try split(end) { _ in 2 }
        #expect(empty.sum == RowSum() && empty.isWhole && empty.sent.isEmpty)
    }

    @Test func `rows that came after a snapshot are known by their transactions`() {
        #expect(
            RowSession.isLater(than: "4294967300:4294967310:4294967300,4294967305")
                == "(age(xmin) <= age('14'::xid) OR xmin = ANY ('{4,9}'::xid[]))")
        #expect(RowSession.isLater(than: "740:740:") == "(age(xmin) <= age('740'::xid) OR xmin = ANY ('{}'::xid[]))")
    }

    @Test func `columns in another order are added up in the order that is wanted`() throws {
        var splitting = RowSplitting(key, order: [2, 0, 1])
        var sent: [UInt8] = []
        try Array("b\tc\ta\n\t\\N\tx\\ty\nodd\n\\.\n\n\n".utf8).withUnsafeBytes { bytes in try splitting.take(bytes) { sent += $0 } }
        #expect(splitting.sum == (try split("a\tb\tc\nx\\ty\t\t\\N\nodd\n\\.\n\n\n") { _ in 9 }).sum)
        #expect(sent == Array("b\tc\ta\n\t\\N\tx\\ty\nodd\n".utf8))
        let table = CopiedTable(#"COPY public."a b" (id, "odd, ""name", "c,", d) FROM stdin;"#)
        #expect(table?.columnNames == ["id", #""odd, ""name""#, #""c,""#, "d"])
        #expect(CopiedTable("COPY public.void  FROM stdin;")?.columnNames == [])
    }

    @Test func `what a statement of a dump loads is found, whatever tables are called`() {
        let statements = [
            "COPY public.a (id, \"b c\") FROM stdin;\n", "COPY public.\"two\nlines (\" (x) FROM stdin;\n",
            "COPY public.none  FROM stdin;\n",
            "COPY \"a b\".\"c \u{301}\"\"(\" (\" x)\", y) FROM stdin;\n",
        ]
        let tables = statements.compactMap { CopiedTable($0) }
        #expect(tables.map(\.relation) == ["public.a", "public.\"two\nlines (\"", "public.none", "\"a b\".\"c \u{301}\"\"(\""])
        #expect(tables.map(\.columnList) == ["id, \"b c\"", "x", "", "\" x)\", y"] && tables.map(\.columns).contains(""))
    }

    @Test func `what pg_dump reads is known by the statement, the whole table or a part of it`() {
        let whole = CopiedTable("COPY public.\"A b\" (id, \"to FROM\") TO stdout;")
        #expect(whole?.relation == "public.\"A b\"" && whole?.columnList == "id, \"to FROM\"" && whole?.isPart == false)
        let part = CopiedTable("COPY (SELECT id, \"x FROM y\" FROM ext.\"co nf\" WHERE id > 5 AND FROM) TO stdout;")
        #expect(part?.relation == "ext.\"co nf\"" && part?.columnList == "id, \"x FROM y\"" && part?.isPart == true)
        let none = CopiedTable("COPY (SELECT * FROM public.void ) TO stdout;")
        #expect(none?.relation == "public.void" && none?.columnList == "")
        for text in ["", "COPY", "COPY x", "SELECT 1 FROM y", "COPY (SELECT", "COPY (SELECT x) TO stdout;", "COPY (SELECT FROM"] {
            #expect(CopiedTable(text) == nil, "\(text)")
        }
    }
}
