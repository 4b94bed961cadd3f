import Commands
import Synchronization

/// A console whose streams are kept as text, with answers prepared.
final class CapturedConsole: Sendable {
    private let outText = Mutex("")
    private let errText = Mutex("")
    private let answers: Mutex<[String]>

    init(answers: [String] = []) { self.answers = Mutex(answers) }

    var out: String { outText.withLock { $0 } }
    var err: String { errText.withLock { $0 } }
    var outLines: [String] { out.split(separator: "\n").map(String.init) }

    func console(_ mode: OutputMode, width: Int = 80, colour: Bool = false, canAnswer: Bool = true) -> Console {
        let isTTY = mode == .tty
        return Console(
            mode: mode,
            out: Terminal(isTTY: isTTY, width: width, usesColour: colour) { text in self.outText.withLock { $0 += text } },
            err: Terminal(isTTY: isTTY, width: width, usesColour: colour) { text in self.errText.withLock { $0 += text } },
            input: TerminalInput(isTTY: canAnswer) { self.answers.withLock { $0.isEmpty ? nil : $0.removeFirst() } })
    }
}
