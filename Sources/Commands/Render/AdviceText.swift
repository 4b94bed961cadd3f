import Model

/// Advice as people read it.
struct AdviceText {
    let terminal: Terminal

    func text(_ advice: [FaultAdvice], of facts: AdviceFacts) -> String {
        var table = Table([
            Table.Column("FAULT", importance: 9, minimum: 20), Table.Column("COVERED", importance: 8, minimum: 9),
            Table.Column("BY", importance: 5, minimum: 14), Table.Column("LOST (RPO)", importance: 7, minimum: 14),
            Table.Column("BACK (RTO)", importance: 6, minimum: 10),
        ])
        for line in advice {
            table.add([
                line.fault.title, word(line.cover), line.by ?? "nothing", line.rpo?.text ?? "everything",
                line.by == nil ? "never" : line.rto.map { DurationText.spoken(seconds: $0) } ?? "not measured",
            ])
        }
        return [table.text(for: terminal), missing(advice), aims(advice), sources(advice)].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// Once for each thing that covers a fault.
    private func aims(_ advice: [FaultAdvice]) -> String {
        var lines: [String] = []
        for fault in advice {
            guard let by = fault.by else { continue }
            let parts = [
                fault.rpoAim.map { "at most \(DurationText.spoken(seconds: $0)) lost" },
                fault.rtoAim.map { "back in \(DurationText.spoken(seconds: $0))" },
            ].compactMap { $0 }
            let line = "\(Visible.line(by)): \(parts.joined(separator: ", "))"
            if !parts.isEmpty, !lines.contains(line) { lines.append(line) }
        }
        return lines.isEmpty ? "" : "aims: \(lines.joined(separator: "; "))"
    }

    private func word(_ cover: FaultAdvice.Cover) -> String {
        switch cover {
        case .covered: "yes"
        case .partly: "partly"
        case .uncovered: "NO"
        }
    }

    /// Each thing once, with the faults that it is missing for.
    private func missing(_ advice: [FaultAdvice]) -> String {
        var order: [FaultAdvice.Gap] = []
        var faults: [FaultAdvice.Gap: [String]] = [:]
        for line in advice {
            for gap in line.missing {
                if faults[gap] == nil { order.append(gap) }
                faults[gap, default: []].append(line.fault.title)
            }
        }
        guard !order.isEmpty else { return terminal.paint("nothing is missing", .green) }
        let lines = order.map { gap -> String in
            let all = faults[gap] ?? []
            let whom = all.count > 4 ? "\(all.count) faults" : all.joined(separator: ", ")
            return "\(printable(gap.text, limit: 300)) (\(whom))\n  \(terminal.paint("→", .dim)) \(Visible.line(gap.command))"
        }
        return ([terminal.paint("missing", .bold)] + lines).joined(separator: "\n")
    }

    private func sources(_ advice: [FaultAdvice]) -> String {
        let all = advice.compactMap(\.rtoSource).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        return all.isEmpty ? "" : "RTO measured by \(Visible.line(all.joined(separator: "; ")))"
    }

    // MARK: Situations

    func list(_ all: [SituationAdvice], suffix: String) -> String {
        var table = Table([
            Table.Column("TO", importance: 8, minimum: 30), Table.Column("USE", importance: 9, minimum: 8),
            Table.Column("SITUATION", importance: 7, minimum: 15),
        ])
        for advice in all { table.add([advice.title, advice.strategy.rawValue, advice.situation.rawValue]) }
        return table.text(for: terminal) + "\n\nthe steps: holdfast advise --situation SITUATION\(suffix)"
    }

    func text(_ advice: SituationAdvice) -> String {
        var fields = Fields()
        fields.add("to", advice.title)
        fields.add("use", "a \(advice.strategy.rawValue)")
        for line in advice.here { fields.add("here", line) }
        for line in advice.advantages { fields.add("good", line) }
        for line in advice.limits { fields.add("mind", line) }
        let steps = advice.steps.enumerated().map { "  \($0.offset + 1)  \(Visible.line($0.element))" }
        return ([fields.text(for: terminal), "", terminal.paint("steps", .bold)] + steps).joined(separator: "\n")
    }
}
