/// Both output streams, the input and the mode of one run of a command.
package struct Console: Sendable {
    package let mode: OutputMode
    /// Results; in `json` mode nothing but JSON lines.
    package let out: Terminal
    /// Progress, notes, questions and errors for people.
    package let err: Terminal
    package let input: TerminalInput

    package init(mode: OutputMode, out: Terminal, err: Terminal, input: TerminalInput) {
        self.mode = mode
        self.out = out
        self.err = err
        self.input = input
    }

    /// The process's own streams. A question is given up when `isCancelled` becomes true.
    package static func standard(
        json: Bool, environment: OutputEnvironment, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) -> Console {
        let err = Terminal(descriptor: 2, environment: environment)
        return Console(
            mode: json ? .json : err.isTTY ? .tty : .plain, out: Terminal(descriptor: 1, environment: environment), err: err,
            input: .standard(isCancelled: isCancelled))
    }

    /// A line for a person; nothing in `json` mode.
    package func say(_ line: String = "") {
        if mode != .json { out.print(line) }
    }

    /// A warning for a person on the error stream; an event in `json` mode.
    package func warn(_ text: String) {
        if mode == .json {
            result(["warning": text])
        } else {
            err.print("\(err.paint("warning:", .yellow)) \(text)")
        }
    }

    /// One JSON value on a line of its own, whatever the mode.
    package func result(_ value: some Encodable) { out.print(JSONLine.encode(value)) }

    /// The result of a command: `json` in that mode, else the text that `human` makes (lines without the last line feed).
    package func finish(json: @autoclosure () -> some Encodable, human: (Terminal) -> String) {
        if mode == .json { return result(json()) }
        let text = human(out)
        if !text.isEmpty { out.show(text) }
    }
}
