import Model
import Synchronization
import WebServer

/// What a command printed, as one answer.
struct APIOutcome: Sendable {
    let status: Int
    let answer: JSONValue

    /// `text`: JSON, one object a line. A failure is the last line; otherwise all that was told but progress is one object.
    init(_ text: String, exitStatus: Int32) {
        var members: [String: JSONValue] = [:]
        var (warnings, notes): ([JSONValue], [JSONValue]) = ([], [])
        for line in text.split(separator: "\n") {
            guard case .object(let object)? = JSONValue(parsing: Array(line.utf8)), object["progress"] == nil else { continue }
            if let warning = object["warning"] {
                warnings.append(warning)
            } else if let note = object["note"] {
                notes.append(note)
            } else {
                members.merge(object) { $1 }
            }
        }
        if let error = members["error"], exitStatus != 0 {
            let code: FailureCode = if case .text(let text)? = error["code"] { FailureCode(rawValue: text) ?? .internal } else { .internal }
            status = APIStatus.of(code)
            answer = .object(["error": error])
            return
        }
        if !warnings.isEmpty { members["warnings"] = .list(warnings) }
        if !notes.isEmpty { members["notes"] = .list(notes) }
        status = 200
        answer = .object(members)
    }
}

extension APIOutcome {
    var response: WebResponse { .json(answer, status) }
}

/// The output of a command, kept.
final class CapturedLines: Sendable {
    private let kept = Mutex("")

    var text: String { kept.withLock { $0 } }

    var console: Console {
        Console(
            mode: .json, out: Terminal(isTTY: false) { text in self.kept.withLock { $0 += text } }, err: Terminal(isTTY: false) { _ in },
            input: TerminalInput(isTTY: false) { nil })
    }
}
