package import Model

/// Labels and values under each other, as `show` prints them.
package struct Fields: Sendable {
    private var lines: [PlanSummary.Line] = []

    package init() {}

    package init(_ lines: [PlanSummary.Line]) { for line in lines { add(line.label, line.value) } }

    /// Nothing when the value is nil. It is one line.
    package mutating func add(_ label: String, _ value: String?) {
        if let value { lines.append(PlanSummary.Line(label, printable(value, limit: 2000))) }
    }

    /// What a program or a server said, in its own lines.
    package mutating func add(_ label: String, words: String?) {
        if let words { lines.append(PlanSummary.Line(label, printableLines(words, limit: 2000))) }
    }

    /// Each line begins with `indent` spaces; long values go on under their own column on a terminal.
    package func text(for terminal: Terminal, indent: Int = 0) -> String {
        let labelWidth = min(24, lines.map { TextLayout.width(of: $0.label) }.max() ?? 0)
        let start = indent + labelWidth + 2
        let continuation = "\n" + String(repeating: " ", count: start)
        return lines.map { line in
            let label = TextLayout.pad(line.label, to: labelWidth)
            let clean = line.value
            let value =
                terminal.isTTY
                ? TextLayout.wrap(clean, width: max(20, terminal.width - start)) : clean.split(separator: "\n").map(String.init)
            return String(repeating: " ", count: indent) + terminal.paint(label, .dim) + "  " + value.joined(separator: continuation)
        }.joined(separator: "\n")
    }
}
