import Model

/// The report of a drill as people read it.
struct DrillText {
    let terminal: Terminal
    let now: Timestamp

    /// `answers`: see ``DrillOutcome``.
    func report(_ report: DrillReport, answers: [String: String]) -> String {
        let blocks = [
            head(report), table(report.stores), checks(report.checks, answers), lines(report.problems, report.gaps, report.stores),
        ]
        return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private func head(_ report: DrillReport) -> String {
        var fields = Fields()
        let mark = report.verdict == .passed ? TextStyle.green : report.verdict == .failed ? .red : .yellow
        fields.add("drill", "backup \(report.backup) in \(report.target): \(DrillNote(report).word)")
        fields.add("of cluster", "\(report.cluster.name), id \(report.cluster.id)")
        fields.add("state of", "\(report.cut.readable) (\(relativeAge(of: report.cut, at: now)))")
        fields.add("drilled", "\(report.began.readable), \(spoken(report.ended.secondsSince(report.began))), on \(report.host)")
        let verification = report.verification
        fields.add(
            "read and proven",
            "\(counted(verification.packsRead, "pack")), \(ByteCount(verification.bytesRead)), in \(spoken(verification.seconds))")
        fields.add("usable after", "\(spoken(report.recoverySeconds)), as measured")
        return terminal.paint(word(report.verdict), mark) + "\n" + fields.text(for: terminal)
    }

    private func word(_ verdict: DrillReport.Verdict) -> String {
        switch verdict {
        case .passed: "the backup can be restored"
        case .unproven: "nothing is wrong with what could be tried; not all could, or not all is there"
        case .failed: "the backup CANNOT be restored as it should be"
        }
    }

    private func table(_ stores: [DrillReport.Store]) -> String {
        var table = Table([
            Table.Column("STORE", importance: 9, minimum: 8), Table.Column("KIND", importance: 5, minimum: 8),
            Table.Column("HOLDS", importance: 4, minimum: 10), Table.Column("VERDICT", importance: 8, minimum: 8),
            Table.Column("RESTORED IN", .right, importance: 7, minimum: 8), Table.Column("CHECKED IN", .right, importance: 3, minimum: 8),
            Table.Column("SIZE", .right, importance: 6, minimum: 7),
        ])
        for store in stores {
            table.add([
                store.name, store.kind.rawValue, store.holds ?? StoreText.words(for: store.extent),
                store.verdict == .failed ? "FAILED" : store.verdict.rawValue, spoken(store.restoreSeconds), spoken(store.checkSeconds),
                ByteCount(store.bytes).text,
            ])
        }
        return table.text(for: terminal)
    }

    private func checks(_ checks: [DrillReport.Check], _ answers: [String: String]) -> String {
        guard !checks.isEmpty else { return "" }
        var table = Table([
            Table.Column("CHECK", importance: 9, minimum: 8), Table.Column("STORE", importance: 6, minimum: 6),
            Table.Column("VERDICT", importance: 8, minimum: 8), Table.Column("TOOK", .right, importance: 5, minimum: 6),
        ])
        for check in checks {
            let answer = answers[check.name].map { "answered: \(printable($0, limit: 200))" }
            table.add(
                [check.name, check.store ?? "", check.verdict == .failed ? "FAILED" : check.verdict.rawValue, spoken(check.seconds)],
                note: answer)
        }
        return table.text(for: terminal)
    }

    /// Stores that were opened in a scratch place, without the rest of a drill.
    func stores(_ stores: [DrillReport.Store]) -> String {
        table(stores) + "\n\n" + lines(stores.flatMap(\.namedProblems), stores.flatMap(\.namedGaps), stores)
    }

    private func lines(_ problems: [String], _ gaps: [String], _ stores: [DrillReport.Store]) -> String {
        let failed = problems.map { terminal.paint("FAILED", .red) + " " + printable($0, limit: 500) }
        let untried = gaps.map { "not tried: \(printable($0, limit: 500))" }
        let missing = stores.flatMap { $0.lacks ?? [] }.map { "not in the backup: \(printable($0, limit: 500))" }
        let proven = stores.flatMap { store in store.proofs.map { "proven: \(Visible.line("\(store.name): \($0)"))" } }
        return (failed + missing + untried + proven).joined(separator: "\n")
    }

    private func spoken(_ seconds: Double) -> String { DurationText.spoken(seconds: seconds) }
}
