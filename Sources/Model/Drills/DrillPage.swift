extension DrillReport {
    /// For people, in Markdown.
    package var pageText: String {
        let lines =
            ["# Drill of the backup \(backup): \(verdict.rawValue)", ""] + summary + ["", "## Stores", ""] + storeTable
            + ["", "## Findings", ""] + findings + checkLines
            + [
                "",
                "The report beside this page, `.json`, is signed: `holdfast backup report \(backup) --target \(target)` checks it and this page.",
            ]
        return lines.map(Visible.line).joined(separator: "\n") + "\n"
    }

    private var summary: [String] {
        [
            "- cluster \(cluster.name), release \(cluster.release), id \(cluster.id)",
            "- backup \(backup) (\(mode.rawValue)) in target \(target), snapshot \(backupID)",
            "- state of \(cut.readable)",
            "- drilled \(began.readable) to \(ended.readable) on \(host) by \(program)",
            "- read and proven: \(counted(verification.packsRead, "pack")), \(ByteCount(verification.bytesRead)) in \(spoken(verification.seconds))",
            "- from nothing to usable stores: \(spoken(recoverySeconds))",
        ]
    }

    private var storeTable: [String] {
        ["| store | kind | holds | verdict | restored in | checked in | size |", "|---|---|---|---|---|---|---|"]
            + stores.map { store in
                let cells = [
                    store.name, store.kind.rawValue, store.holds ?? store.extent.rawValue, store.verdict.rawValue,
                    spoken(store.restoreSeconds),
                    spoken(store.checkSeconds), ByteCount(store.bytes).text,
                ]
                return "| \(cells.joined(separator: " | ")) |"
            }
    }

    private var findings: [String] {
        let problems = verification.problems.map { "- **backup**: \($0)" }
        return problems
            + stores.flatMap { store in
                store.problems.map { "- **\(store.name)**: \($0)" } + (store.lacks ?? []).map { "- not in the backup: \($0)" }
                    + store.gaps.map { "- \(store.name), not tried: \($0)" }
                    + store.proofs.map { "- \(store.name): \($0)" }
            }
    }

    private var checkLines: [String] {
        guard !checks.isEmpty else { return [] }
        return ["", "## Checks of the operator", ""]
            + checks.map { check in
                let subject = check.store.map { " (\($0))" } ?? ""
                let line = "\(check.name)\(subject): \(check.verdict.rawValue) in \(spoken(check.seconds))"
                return check.problem.map { "- **\(line)**: \($0)" } ?? "- \(line)"
            }
    }

    private func spoken(_ seconds: Double) -> String { DurationText.spoken(seconds: seconds) }
}
