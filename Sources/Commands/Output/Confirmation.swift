package import Model

/// Whether the person has agreed beforehand.
package enum Consent: Hashable, Sendable {
    /// Nobody has: ask.
    case ask
    /// `--yes`.
    case given
}

/// The question before dangerous work.
package struct Confirmation: Sendable {
    private let console: Console
    private let consent: Consent

    package init(_ console: Console, consent: Consent) {
        self.console = console
        self.consent = consent
    }

    /// Returns when the answer is yes. Throws `cancelled` for any other answer, `refused` when nobody can be asked. `question` has no
    /// question mark: "restore snapshot nightly onto cluster acme".
    package func ask(_ question: String) throws(Failure) {
        guard try mustAsk(question) else { return }
        console.err.ask("\(console.err.paint("\(capitalised(question))?", .bold)) [y/N] ")
        let answer = normalised(console.input.readLine())
        guard answer == "y" || answer == "yes" else { throw cancelled(answer) }
    }

    /// Like ``ask(_:)``, but the answer has to be `name`, which is what `what` calls it: "the cluster's name".
    package func askTyping(_ name: String, what: String, _ question: String) throws(Failure) {
        guard try mustAsk(question) else { return }
        console.err.ask("\(console.err.paint("\(capitalised(question)): type \(what) (\(name)) to go on:", .bold)) ")
        let answer = console.input.readLine()
        guard trimmed(answer ?? "") == name else { throw cancelled(answer) }
    }

    /// For what no `--yes` is enough: `confirmed` is the name as an option said it, or it is typed.
    package func askName(_ name: String, confirmed: String?, what: String, _ question: String) throws(Failure) {
        if let confirmed {
            guard confirmed != name else { return }
            throw Failure(
                .refused, "not confirmed, nothing was changed: \(what) is \(name), not \"\(printable(confirmed))\"",
                hint: "look at it with --dry-run, then add --confirm \(name)")
        }
        guard console.input.isTTY else { throw nobodyToAsk(question, "look at it with --dry-run, then add --confirm \(name)") }
        try Confirmation(console, consent: .ask).askTyping(name, what: what, question)
    }

    private func mustAsk(_ question: String) throws(Failure) -> Bool {
        if consent == .given { return false }
        guard console.input.isTTY else { throw nobodyToAsk(question, "look at it with --dry-run, then add --yes") }
        return true
    }

    private func nobodyToAsk(_ question: String, _ hint: String) -> Failure {
        Failure(.refused, "cannot ask whether to \(question): standard input is not a terminal", hint: hint)
    }

    private func cancelled(_ answer: String?) -> Failure {
        if answer == nil { console.err.print() }
        return Failure(.cancelled, "not confirmed, nothing was changed")
    }

    private func normalised(_ answer: String?) -> String { trimmed(answer ?? "").lowercased() }

    private func trimmed(_ text: String) -> String {
        let spaces: Set<Character> = [" ", "\t", "\r", "\r\n", "\n"]
        return String(text.drop { spaces.contains($0) }.reversed().drop { spaces.contains($0) }.reversed())
    }

    private func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
