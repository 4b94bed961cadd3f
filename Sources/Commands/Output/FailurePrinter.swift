package import Model

/// Tells a failure: to people on the error stream, to programs as the last line of the output.
package struct FailurePrinter: Sendable {
    private let console: Console

    package init(_ console: Console) { self.console = console }

    private struct Line: Encodable {
        struct Details: Encodable {
            var code: FailureCode
            var message: String
            var hint: String?
            var cause: String?
        }
        var error: Details
    }

    package func print(_ failure: Failure) {
        if console.mode == .json {
            let details = Line.Details(code: failure.code, message: failure.message, hint: failure.hint, cause: failure.cause)
            return console.result(Line(error: details))
        }
        let err = console.err
        err.print("\(err.paint("holdfast:", .boldRed)) \(failure.summary)")
        if let hint = failure.hint {
            let lines = err.isTTY ? TextLayout.wrap(hint, width: err.width - 6) : [hint]
            err.print("\(err.paint("hint:", .bold)) \(lines.joined(separator: "\n      "))")
        }
    }
}
