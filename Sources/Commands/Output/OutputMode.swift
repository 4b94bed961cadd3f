/// How a command speaks.
package enum OutputMode: Hashable, Sendable {
    /// To a person who watches: colour, a bar that is redrawn.
    case tty
    /// To a log or a pipe: whole lines, nothing redrawn.
    case plain
    /// To a program: one JSON value a line.
    case json
}

/// What the environment says about output: the variables `NO_COLOR`, `TERM` and `COLUMNS`.
package struct OutputEnvironment: Hashable, Sendable {
    /// `NO_COLOR` is set and not empty (no-color.org).
    package var refusesColour: Bool
    /// `TERM` is `dumb` or missing: no cursor movement.
    package var isDumb: Bool
    /// `COLUMNS`, when it is a sensible number.
    package var columns: Int?

    package init(refusesColour: Bool = false, isDumb: Bool = false, columns: Int? = nil) {
        self.refusesColour = refusesColour
        self.isDumb = isDumb
        self.columns = columns
    }

    package init(variables: [String: String]) {
        refusesColour = !(variables["NO_COLOR"] ?? "").isEmpty
        isDumb = ["", "dumb"].contains(variables["TERM"] ?? "")
        columns = variables["COLUMNS"].flatMap { Int($0) }.flatMap { (20...1000).contains($0) ? $0 : nil }
    }
}
