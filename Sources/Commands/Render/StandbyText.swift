import Archiving
import Model
import Snapshots
import Standby
import StoreContract

/// Standbys as people read them.
struct StandbyText {
    let terminal: Terminal
    let now: Timestamp

    func sync(_ outcome: SyncOutcome) -> String {
        let point = "\(Visible.line("\(outcome.point.name)")), the state of \(outcome.point.cutBegan.readable)"
        if outcome.wasThere { return "the standby is at \(point), already" }
        let written = outcome.stores.saturatedSum(\.changes.bytesWritten)
        var lines = [
            "the standby is at \(point)",
            "\(ByteCount(outcome.bytesFetched)) fetched in \(DurationText.spoken(seconds: outcome.fetchSeconds)), "
                + "\(ByteCount(written)) written in \(DurationText.spoken(seconds: outcome.applySeconds))",
        ]
        if !outcome.stores.isEmpty { lines.append(RestoreText(terminal: terminal).stores(outcome.stores)) }
        lines += RestoreText(terminal: terminal).issues(outcome.stores, job: nil, "")
        lines += outcome.writes.map { warning($0.words) }
        return lines.joined(separator: "\n")
    }

    func divergence(_ divergence: Divergence?) -> [String] {
        guard let divergence else { return [] }
        var lines = ["what was here is saved in the snapshot \(divergence.snapshot), pinned"]
        guard let base = divergence.base else {
            return lines + ["there is no backup to compare it with"]
        }
        lines.append("compared with \(Visible.line("\(base)")), from which the new owner started:")
        for store in divergence.stores {
            let counts = TreeChange.Kind.allCases.compactMap { kind in store.counts[kind].map { "\(grouped($0)) \(kind.rawValue)" } }
            lines.append(
                "  \(Visible.line(store.name)): \(store.note.map(Visible.line) ?? (counts.isEmpty ? "nothing was written" : counts.joined(separator: ", ")))"
            )
            lines += store.examples.map { "    \($0.kind.rawValue) \(printable($0.path, limit: 200))" }
        }
        return lines
    }

    func status(_ status: StandbyStatus, service: String?) -> String {
        let record = status.record
        var fields = Fields()
        fields.add("from", record.from + (status.trouble.map { ": \($0)" } ?? ""))
        fields.add("owner", status.owner.map { "\($0.host), epoch \($0.epoch)" } ?? "nobody raised an epoch yet")
        fields.add("stores", stores(record))
        for form in status.forms { fields.add(form.store, "kept as \(form.words)") }
        fields.add("age", status.age.map { "\(DurationText.spoken(seconds: $0)) of work would be lost now" })
        fields.add("fetched", status.waiting.map { "\($0.name), not applied yet" })
        fields.add("missing", status.missing.map { "\($0.name), not fetched yet" })
        fields.add("points", status.points.isEmpty ? "none" : status.points.map(\.name.text).joined(separator: ", "))
        if let last = record.samples.last {
            let rate = Double(last.bytesFetched) / max(last.fetchSeconds, 0.001)
            fields.add(
                "last sync",
                "\(relativeAge(of: last.at, at: now)): \(ByteCount(last.bytesFetched)) fetched (\(ByteCount(UInt64(saturating: rate)))/s), \(ByteCount(last.bytesWritten)) written, in \(DurationText.spoken(seconds: last.fetchSeconds + last.applySeconds))"
            )
        }
        fields.add("next sync", status.nextBackup.map { "with the next backup, \(relativeAge(of: $0, at: now))" })
        fields.add("promotion", record.expectedPromotionSeconds.map { "about \(DurationText.spoken(seconds: $0)) and the hooks" })
        fields.add("rehearsed", record.rehearsed.map { "in \(DurationText.spoken(seconds: $0))" })
        fields.add("served by", service ?? "nobody: holdfast serve does not run, so nothing is synced by itself")
        var lines = [
            "\(terminal.paint("standby of cluster \(Visible.line(status.cluster.name))", .bold)), id \(status.cluster.id)",
            fields.text(for: terminal),
        ]
        if let failure = record.lastFailure { lines.append(warning("the last sync failed: \(failure)")) }
        lines += status.writes.map { warning($0.words) }
        lines += status.doubts.prefix(Standing.doubtsNamed).map { warning($0) }
        if record.promotion != nil { lines.append(warning("a promotion was begun and did not end: holdfast standby promote goes on")) }
        return lines.joined(separator: "\n")
    }

    private func stores(_ record: StandbyRecord) -> String {
        if let applying = record.applying { return "on the way to \(applying.name): holdfast standby sync goes on" }
        return record.applied.map { "at \($0.name), the state of \($0.cutBegan.readable)" } ?? "nothing applied yet"
    }

    func promotion(_ outcome: PromotionOutcome) -> String {
        let promotion = outcome.promotion
        var fields = Fields()
        fields.add("epoch", promotion.epoch == 0 ? "to be raised when the target is there" : promotion.epoch.map { "\($0)" })
        fields.add("state of", "\(outcome.point.cutBegan.readable), backup \(outcome.point.name)")
        fields.add(
            "RPO",
            promotion.isPlanned
                ? "0: nothing is lost" : "\(DurationText.spoken(seconds: outcome.lossSeconds)): what was written after that instant")
        let parts = promotion.done.filter { $0.seconds >= 0.05 }.map { "\($0.step.rawValue) \(DurationText.spoken(seconds: $0.seconds))" }
        fields.add("RTO", DurationText.spoken(seconds: outcome.seconds) + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"))
        fields.add("policies", "\(counted(outcome.policies, "backup policy", "backup policies")) taken over")
        var lines = ["this is the active cluster now", fields.text(for: terminal, indent: 2)] + outcome.notes.map { warning($0) }
        lines += RestoreText(terminal: terminal).issues(outcome.stores, job: nil, "")
        if let fault = promotion.fault { lines.append(warning("the check found fault: \(fault)")) }
        return lines.joined(separator: "\n")
    }

    func rehearsal(_ outcome: RehearsalOutcome) -> String {
        var lines = [
            "rehearsed with \(Visible.line("\(outcome.point.name)")) in \(DurationText.spoken(seconds: outcome.seconds)), on scratch copies that are gone again",
            DrillText(terminal: terminal, now: now).stores(outcome.stores),
        ]
        if let fault = outcome.fault { lines.append(warning("the check found fault: \(fault)")) }
        if outcome.verdict != .failed, outcome.fault == nil { lines.append("nothing is wrong") }
        return lines.joined(separator: "\n")
    }

    private func warning(_ text: String) -> String { terminal.paint("warning:", .yellow) + " " + printable(text, limit: 500) }
}
