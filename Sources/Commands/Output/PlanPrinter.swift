package import Model

/// Shows a plan before anybody is asked.
package struct PlanPrinter: Sendable {
    private let console: Console

    package init(_ console: Console) { self.console = console }

    /// In `json` mode `{"plan":{…}}`, else on the output stream.
    package func print(_ plan: PlanSummary) {
        if console.mode == .json { return console.result(["plan": plan]) }
        console.out.show(text(of: plan))
    }

    func text(of plan: PlanSummary) -> String {
        let out = console.out
        var parts = [out.paint("Plan: \(plan.title)", .bold), Fields(plan.lines).text(for: out, indent: 2)]
        parts += plan.warnings.map { item($0, mark: out.paint("warning:", .yellow), markWidth: 8) }
        parts.append(plan.losses.isEmpty ? "  nothing is lost" : "  " + out.paint("will be lost:", .red))
        parts += plan.losses.map { "    " + printable($0, limit: 1000) }
        parts.append(item(plan.undo ?? "this cannot be undone", mark: "undo:", markWidth: 5))
        return parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func item(_ text: String, mark: String, markWidth: Int) -> String {
        let clean = printable(text, limit: 2000)
        let width = console.out.width - markWidth - 3
        let lines = console.out.isTTY ? TextLayout.wrap(clean, width: width) : [clean]
        return "  \(mark) " + lines.joined(separator: "\n" + String(repeating: " ", count: markWidth + 3))
    }
}
