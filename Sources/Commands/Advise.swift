import ArgumentParser
import Backups
import Clusters
import Model

struct AdviseCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "advise",
        abstract: "Say which strategy covers which fault here and now, and what is missing.",
        discussion: """
            RPO is how much would be lost, measured: the time since the newest snapshot or
            backup, and the longest stretch without one in 30 days. RTO is how long it took,
            measured: by the last restore of a snapshot, and the last drill of a backup. Each
            thing that is missing comes with the command that brings it.

            --situation says which strategy is for what you want to do, with the steps: it
            asks which on a terminal, or takes one of
              \(Situation.allCases.map(\.rawValue).joined(separator: ", "))

            EXAMPLES:
              holdfast advise -c acme.yaml
              holdfast advise --situation -c acme.yaml
              holdfast advise --situation other-hardware -c acme.yaml
            """)

    @Flag(help: "Say which strategy is for what you want to do.")
    var situation = false

    @Argument(help: "With --situation: what you want to do.")
    var what: Situation?

    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        if what != nil, !situation { throw ValidationError("add --situation, or leave the word out") }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let facts = try context.watching { _ in try AdviceGathering(cluster).facts(suffix: self.cluster.suffix) }
        if situation { return try advise(on: facts, in: context) }
        let advice = facts.advice
        context.console.finish(json: ["advice": AdviceResult(facts, advice)]) { AdviceText(terminal: $0).text(advice, of: facts) }
        return .done
    }

    private func advise(on facts: AdviceFacts, in context: CommandContext) throws -> Verdict {
        guard let chosen = try what ?? SituationQuestion(console: context.console).ask() else {
            let all = Situation.allCases.map { facts.advice(on: $0) }
            context.console.finish(json: ["situations": all]) { AdviceText(terminal: $0).list(all, suffix: cluster.suffix) }
            return .done
        }
        let advice = facts.advice(on: chosen)
        context.console.finish(json: ["situation": advice]) { AdviceText(terminal: $0).text(advice) }
        return .done
    }

}

/// Asks what somebody wants to do.
struct SituationQuestion {
    let console: Console

    private static let all = Situation.allCases

    /// Nil where nobody can be asked. What is none of them is asked again; nothing at all is `cancelled`.
    func ask() throws(Failure) -> Situation? {
        guard console.mode != .json, console.input.isTTY else { return nil }
        for (number, situation) in Self.all.enumerated() { console.err.print("  \(number + 1)  \(situation.title)") }
        while true {
            console.err.ask("What do you want to do? [1-\(Self.all.count)] ")
            let answer = console.input.readLine()
            let words = (answer ?? "").filter { !$0.isWhitespace }
            if let number = Int(words), Self.all.indices.contains(number - 1) { return Self.all[number - 1] }
            if let named = Situation(rawValue: words.lowercased()) { return named }
            guard !words.isEmpty else {
                if answer == nil { console.err.print() }
                throw Failure(.cancelled, "nothing was chosen", hint: "holdfast advise --situation SITUATION takes one by its name")
            }
            console.err.print("\(printable(words, limit: 40)) is none of them: answer with a number from 1 to \(Self.all.count)")
        }
    }
}

extension Situation: ExpressibleByArgument {}
