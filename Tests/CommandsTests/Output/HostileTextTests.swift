import Commands
import Foundation
import Model
import Testing

/// Text of others goes out through a console in each of its ways, and never acts on the terminal.
@Suite struct HostileTextTests {
    static let hostile =
        "x\u{1B}]0;owned\u{7}\u{1B}[2J\u{9B}31m\u{7F}\u{202E}\u{2066}\u{200F}\u{8}\rholdfast: all is well\nholdfast: forged"

    /// All that a person could be misled by: scalars that act, and a line that begins as one of ours.
    private func expectHarmless(_ text: String, ownLines: Int = 1) {
        let acting = text.unicodeScalars.filter { Visible.mayAct($0) && $0 != "\n" }
        #expect(acting.isEmpty, "\(acting.map(\.value))")
        let own = text.split(separator: "\n").filter { $0.hasPrefix("holdfast:") }
        #expect(own.count <= ownLines, "\(text)")
    }

    @Test(arguments: [OutputMode.tty, .plain, .json]) func `a failure, a warning and a note are harmless`(_ mode: OutputMode) {
        let captured = CapturedConsole()
        let console = captured.console(mode)
        FailurePrinter(console).print(Failure(.store, Self.hostile, hint: Self.hostile, cause: Self.hostile))
        console.warn(Self.hostile)
        console.say(Self.hostile)
        console.err.print(Self.hostile)
        console.err.ask(Self.hostile)
        expectHarmless(captured.out)
        expectHarmless(captured.err)
    }

    @Test(arguments: [OutputMode.tty, .plain]) func `tables, fields and plans are harmless`(_ mode: OutputMode) {
        let captured = CapturedConsole()
        let console = captured.console(mode, width: 300)
        var table = Table([Table.Column("A")])
        table.add([Self.hostile], note: Self.hostile)
        var fields = Fields()
        fields.add("label", Self.hostile)
        console.finish(json: 0) { [table.text(for: $0), fields.text(for: $0)].joined(separator: "\n") }
        let plan = PlanSummary(
            title: "restore", lines: [PlanSummary.Line("store", Self.hostile)], warnings: [Self.hostile], losses: [Self.hostile],
            undo: Self.hostile)
        PlanPrinter(console).print(plan)
        expectHarmless(captured.out)
    }

    @Test func `JSON gives programs the text as it was`() throws {
        let captured = CapturedConsole()
        captured.console(.json).finish(json: ["name": Self.hostile]) { _ in "" }
        expectHarmless(captured.out)
        let read = try JSONDecoder().decode([String: String].self, from: Data(captured.out.utf8))
        #expect(read["name"] == Self.hostile)
    }

    @Test func `lines of a server are readable under the message`() {
        let captured = CapturedConsole()
        FailurePrinter(captured.console(.plain)).print(Failure(.store, "psql failed", cause: "ERROR:  no\nDETAIL:  because"))
        #expect(captured.err == "holdfast: psql failed: ERROR:  no\n  DETAIL:  because\n")
    }

    @Test func `colour is ours alone`() {
        let captured = CapturedConsole()
        let console = captured.console(.tty, colour: true)
        console.say(console.out.paint("a\u{1B}[31mb\u{301}", .bold) + "\u{1B}[5m")
        #expect(captured.out == "\u{1B}[1ma\\x1b[31mb\u{301}\u{1B}[0m\\x1b[5m\n")
    }
}
