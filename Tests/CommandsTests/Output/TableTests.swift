import Testing
import TestSupport

@testable import Commands

@Suite struct TableTests {
    func terminal(_ width: Int, colour: Bool = false) -> Terminal { Terminal(isTTY: true, width: width, usesColour: colour) { _ in } }

    func sample() -> Table {
        var table = Table([
            Table.Column("NAME", importance: 9, minimum: 10), Table.Column("REASON", importance: 1),
            Table.Column("SIZE", .right, importance: 5),
        ])
        table.add(["nightly", "before the upgrade of everything that there is", "1.4 GB"])
        table.add(["weekly-2026", "", "640 MB"])
        return table
    }

    @Test func `a table that fits is not cut`() {
        #expect(
            sample().text(for: terminal(80)) == """
                NAME         REASON                                            SIZE
                nightly      before the upgrade of everything that there is  1.4 GB
                weekly-2026                                                  640 MB
                """)
    }

    @Test func `the least important column is cut first`() {
        #expect(
            sample().text(for: terminal(40)) == """
                NAME         REASON                 SIZE
                nightly      before the upgrade…  1.4 GB
                weekly-2026                       640 MB
                """)
    }

    @Test func `columns are left out when cutting is not enough`() {
        #expect(
            sample().text(for: terminal(20)) == """
                NAME           SIZE
                nightly      1.4 GB
                weekly-2026  640 MB
                """)
    }

    @Test func `control characters and missing cells do no harm`() {
        var table = Table([Table.Column("A"), Table.Column("B")])
        table.add(["x\u{1B}[2J\n"])
        table.add(["1", "2", "3"])
        #expect(table.text(for: terminal(80)) == "A           B\nx\\x1b[2J\\n\n1           2")
    }

    @Test func `headings are bold only where there is colour`() {
        let coloured = CapturedConsole()
        coloured.console(.tty, colour: true).finish(json: 0) { sample().text(for: $0) }
        #expect(coloured.out.hasPrefix("\u{1B}[1mNAME"))
        let plain = CapturedConsole()
        plain.console(.tty).finish(json: 0) { sample().text(for: $0) }
        #expect(!plain.out.contains("\u{1B}"))
    }

    @Test func `an empty table has its headings`() {
        #expect(Table([Table.Column("A"), Table.Column("B")]).text(for: terminal(80)) == "A  B")
    }

    @Test func `no table is wider than its terminal and no character is torn`() {
        var random = SeededRandom(named: "tables")
        let alphabet = Array("abc é日本한👩‍👩‍👧e\u{301}\u{1B}\n…")
        for _ in 0..<300 {
            let columns = (0..<Int.random(in: 1...6, using: &random)).map { number in
                Table.Column("C\(number)", Bool.random(using: &random) ? .left : .right, importance: Int.random(in: 0...9, using: &random))
            }
            var table = Table(columns)
            for _ in 0..<Int.random(in: 0...5, using: &random) {
                table.add(
                    columns.map { _ in
                        String((0..<Int.random(in: 0...40, using: &random)).compactMap { _ in alphabet.randomElement(using: &random) })
                    })
            }
            let width = Int.random(in: 20...90, using: &random)
            for line in table.text(for: terminal(width)).split(separator: "\n") { #expect(TextLayout.width(of: line) <= width) }
        }
    }
}

@Suite struct TextLayoutTests {
    @Test(arguments: [("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("👩‍👩‍👧", 2), ("", 0), ("…", 1), ("\u{200B}", 0)])
    func `width is in columns`(_ text: String, _ width: Int) { #expect(TextLayout.width(of: text) == width) }

    @Test(arguments: [
        ("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("日本語", 4, "日…"), ("日本語", 5, "日本…"), ("abc", 1, "…"), ("abc", 0, ""),
    ])
    func `text is cut at whole characters`(_ text: String, _ width: Int, _ result: String) {
        #expect(TextLayout.truncate(text, to: width) == result)
    }

    @Test func `text is broken at spaces`() {
        #expect(TextLayout.wrap("a bb ccc dddd", width: 6) == ["a bb", "ccc", "dddd"])
        #expect(TextLayout.wrap("  a bb ccc\nx", width: 6) == ["  a bb", "  ccc", "x"])
        #expect(TextLayout.wrap("unbreakable", width: 4) == ["unbreakable"])
        #expect(TextLayout.wrap("", width: 4) == [""])
    }
}
