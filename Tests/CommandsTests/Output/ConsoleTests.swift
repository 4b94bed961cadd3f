import Commands
import Model
import Testing

@Suite struct ConsoleTests {
    @Test func `a failure reads as message, cause and hint on the error stream`() {
        let captured = CapturedConsole()
        let failure = Failure(.storage, "cannot write to /mnt/nas", hint: "is it mounted?", cause: "write: Input/output error")
        FailurePrinter(captured.console(.plain)).print(failure)
        #expect(captured.err == "holdfast: cannot write to /mnt/nas: write: Input/output error\nhint: is it mounted?\n")
        #expect(captured.out.isEmpty)
    }

    @Test func `a failure is the last JSON line for programs`() {
        let captured = CapturedConsole()
        FailurePrinter(captured.console(.json)).print(Failure(.notFound, "no /x", hint: "h"))
        #expect(captured.out == "{\"error\":{\"code\":\"not-found\",\"hint\":\"h\",\"message\":\"no /x\"}}\n")
        #expect(captured.err.isEmpty)
    }

    @Test func `colour is for terminals that want it`() {
        let coloured = CapturedConsole()
        FailurePrinter(coloured.console(.tty, colour: true)).print(Failure(.internal, "m"))
        #expect(coloured.err == "\u{1B}[1;31mholdfast:\u{1B}[0m m\n")
        let plain = CapturedConsole()
        FailurePrinter(plain.console(.tty)).print(Failure(.internal, "m"))
        #expect(plain.err == "holdfast: m\n")
    }

    @Test func `a long hint is broken on a terminal only`() {
        let hint = "word " + String(repeating: "more ", count: 30)
        let tty = CapturedConsole()
        FailurePrinter(tty.console(.tty, width: 40)).print(Failure(.internal, "m", hint: hint))
        #expect(tty.err.split(separator: "\n").allSatisfy { $0.count <= 40 })
        let plain = CapturedConsole()
        FailurePrinter(plain.console(.plain, width: 40)).print(Failure(.internal, "m", hint: hint))
        #expect(plain.err.split(separator: "\n").count == 2)
    }

    @Test(
        arguments: [
            ([:], false, true, nil), (["TERM": "xterm"], false, false, nil), (["TERM": "dumb"], false, true, nil),
            (["TERM": "xterm", "NO_COLOR": "1"], true, false, nil), (["TERM": "xterm", "NO_COLOR": ""], false, false, nil),
            (["TERM": "xterm", "COLUMNS": "120"], false, false, 120), (["TERM": "xterm", "COLUMNS": "-1"], false, false, nil),
            (["TERM": "xterm", "COLUMNS": "9999999999999999999999"], false, false, nil),
        ] as [([String: String], Bool, Bool, Int?)])
    func `the environment decides on colour and width`(_ variables: [String: String], _ refuses: Bool, _ dumb: Bool, _ columns: Int?) {
        #expect(OutputEnvironment(variables: variables) == OutputEnvironment(refusesColour: refuses, isDumb: dumb, columns: columns))
    }

    @Test func `results are one line with keys in order and bare slashes`() {
        struct Value: Encodable {
            var name: String
            var bytes: Int
            var gone: String?
        }
        #expect(JSONLine.encode(["snapshot": Value(name: "a/b\n", bytes: 5)]) == #"{"snapshot":{"bytes":5,"name":"a/b\n"}}"#)
        #expect(JSONLine.encode([Double.nan]).contains("\"error\""))
    }

    @Test func `people and programs see the same result in their own way`() {
        let human = CapturedConsole()
        human.console(.plain).finish(json: ["a": 1]) { _ in "one" }
        #expect(human.out == "one\n")
        let program = CapturedConsole()
        program.console(.json).finish(json: ["a": 1]) { _ in "one" }
        program.console(.json).say("hello")
        program.console(.json).warn("careful")
        #expect(program.out == "{\"a\":1}\n{\"warning\":\"careful\"}\n")
    }
}

@Suite struct ConfirmationTests {
    @Test(arguments: ["y", "Y", "yes", " YES \r"]) func `yes goes on`(_ answer: String) throws {
        let captured = CapturedConsole(answers: [answer])
        try Confirmation(captured.console(.tty), consent: .ask).ask("restore nightly")
        #expect(captured.err == "Restore nightly? [y/N] ")
    }

    @Test(arguments: [["n"], [""], ["yess"], []]) func `anything else changes nothing`(_ answers: [String]) {
        let captured = CapturedConsole(answers: answers)
        let failure = #expect(throws: Failure.self) { try Confirmation(captured.console(.tty), consent: .ask).ask("restore nightly") }
        #expect(failure?.code == .cancelled)
    }

    @Test func `nobody to ask is a refusal that names the flag`() {
        let captured = CapturedConsole(answers: ["y"])
        let failure = #expect(throws: Failure.self) {
            try Confirmation(captured.console(.plain, canAnswer: false), consent: .ask).ask("restore nightly")
        }
        #expect(failure?.code == .refused)
        #expect(failure?.hint?.contains("--yes") == true)
    }

    @Test func `consent given beforehand asks nobody`() throws {
        let captured = CapturedConsole()
        try Confirmation(captured.console(.plain, canAnswer: false), consent: .given).ask("restore nightly")
        try Confirmation(captured.console(.json, canAnswer: false), consent: .given).askTyping(
            "acme", what: "the cluster's name", "delete it")
        #expect(captured.err.isEmpty && captured.out.isEmpty)
    }

    @Test(arguments: [("acme", true), (" acme\t", true), ("ACME", false), ("y", false), ("", false)])
    func `a name has to be typed as it is`(_ answer: String, _ passes: Bool) {
        let captured = CapturedConsole(answers: [answer])
        let confirmation = Confirmation(captured.console(.tty), consent: .ask)
        let passed = (try? confirmation.askTyping("acme", what: "the cluster's name", "delete cluster acme")) != nil
        #expect(passed == passes)
        #expect(captured.err == "Delete cluster acme: type the cluster's name (acme) to go on: ")
    }
}

@Suite struct PlanPrinterTests {
    let plan = PlanSummary(
        title: "restore snapshot nightly", lines: [.init("uploads", "3 created"), .init("to write", "4.2 MB")], warnings: ["other release"],
        losses: ["uploads: changes of 4 minutes 12"], undo: "holdfast snapshot restore safe")

    @Test func `a plan tells lines, warnings, losses and the way back`() {
        let captured = CapturedConsole()
        PlanPrinter(captured.console(.plain)).print(plan)
        #expect(
            captured.out == """
                Plan: restore snapshot nightly
                  uploads   3 created
                  to write  4.2 MB
                  warning: other release
                  will be lost:
                    uploads: changes of 4 minutes 12
                  undo: holdfast snapshot restore safe

                """)
    }

    @Test func `a plan without loss or undo says so`() {
        let captured = CapturedConsole()
        PlanPrinter(captured.console(.plain)).print(PlanSummary(title: "prune"))
        #expect(captured.out == "Plan: prune\n  nothing is lost\n  undo: this cannot be undone\n")
    }

    @Test func `a program gets the plan as a value`() {
        let captured = CapturedConsole()
        PlanPrinter(captured.console(.json)).print(plan)
        #expect(captured.outLines.count == 1)
        #expect(captured.out.hasPrefix("{\"plan\":{\"lines\":[{\"label\":\"uploads\""))
    }

    @Test func `long values go on under their column`() {
        var fields = Fields()
        fields.add("reason", "one two three four five six seven")
        fields.add("gone", nil)
        fields.add("mode", "full")
        let terminal = Terminal(isTTY: true, width: 30) { _ in }
        #expect(fields.text(for: terminal) == "reason  one two three four\n        five six seven\nmode    full")
    }
}
