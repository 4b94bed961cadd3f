extension HealthFacts {
    /// What a lost disk would take with it, and stores that are no whole state. Of the active installation alone.
    var protectionConcerns: [Concern] { lossConcerns + damageConcerns + restoreConcerns + incompleteConcerns }

    /// Critical as long as no later backup in the same target can be had.
    private var damageConcerns: [Concern] {
        damagedBackups.compactMap { note in
            guard let damage = note.damage else { return nil }
            let hasLater = (newestUsable[note.target] ?? nil).map { $0 > note.cut } ?? false
            return Concern(
                "backup-damaged \(note.target) \(note.id.prefix(16))", hasLater ? .warning : .critical,
                "the backup \(printable(damage.name)) in \(note.target) cannot be relied on: \(printable(damage.words, limit: 300)) (\(damage.at.readable))",
                remedy: hasLater
                    ? "holdfast backup delete \(damage.name) --target \(note.target), or verify it again with --read-data"
                    : "holdfast backup create --target \(note.target), then holdfast target verify or backup verify --read-data")
        }
    }

    private var lossConcerns: [Concern] {
        guard let loss else { return [] }
        let left = loss.isLeftToPeople.map { target in
            let gap = FaultAdvice.Gap.noPolicy(into: target, "")
            return Concern("backup-policy-missing", .warning, gap.text, remedy: gap.command)
        }
        return [lossConcern(loss), left].compactMap { $0 } + unusedConcerns(loss)
    }

    /// One that the loss of a disk makes felt is told there.
    private func unusedConcerns(_ loss: LossOfDisk) -> [Concern] {
        unused.sorted { $0.key < $1.key }.filter { .empty(target: $0.key) != loss.finding }.map { name, path in
            Concern(
                "target-unused \(name)", loss.isNew ? .warning : .critical,
                "the target \(name) was never used: there is nothing at \(path)",
                remedy: "correct its path in the cluster file, or use it: holdfast backup create --target \(name)")
        }
    }

    private func lossConcern(_ loss: LossOfDisk) -> Concern? {
        let finding = loss.finding
        guard let gap = finding.gap("") else { return nil }
        let severity: Concern.Severity
        let what: String
        switch finding {
        // The place itself is told as one that cannot be reached, the age as that of a policy.
        case .held, .unusable: return nil
        case .old(_, let age, let tolerated):
            guard !readings.contains(where: { $0.strategy == .backups && $0.ageIsBeyond }) else { return nil }
            severity = age > 2 * tolerated ? .critical : .warning
            what = "losing a disk now would lose the work of \(DurationText.age(seconds: age))"
        case .shared(let stores) where !stores.contains(""):
            severity = loss.isNew ? .warning : .critical
            what = "losing the disk of \(listed(stores)) now would lose the backups with it"
        case .notHeld(let stores, _, let age):
            severity = loss.isNew || loss.isYoung(age) ? .warning : .critical
            what = "losing the disk of \(listed(stores)) now would lose all of it"
        case .noTarget, .empty, .shared:
            severity = loss.isNew ? .warning : .critical
            what = "losing a disk now would lose everything on it"
        }
        return Concern("disk-lost", severity, "\(what): \(gap.text)", remedy: gap.command)
    }

    private var incompleteConcerns: [Concern] {
        incomplete.map { restore in
            let first = restore.examples.first.map { " (\($0))" } ?? ""
            let all = restore.job.map { "holdfast jobs show \($0) names all" } ?? "holdfast cluster status names the first"
            return Concern(
                "restore-incomplete \(restore.store)", .warning,
                "store \(restore.store): \(counted(restore.entries, "entry", "entries")) could not be restored as in \(restore.from)\(first)",
                remedy: "\(all); the same restore tries them again")
        }
    }

    /// While a restore runs they are no whole state either; that is told as what it is.
    private var restoreConcerns: [Concern] {
        let severity: Concern.Severity = isRestoring ? .warning : .critical
        let state = isRestoring ? "is being restored" : "is half restored"
        let parts = halfDone.map { half in
            Concern(
                "half-restored \(half.store)", severity,
                "store \(half.store) \(state): a part of it is that of the snapshot \(half.snapshot), a part what was there before",
                remedy: "holdfast snapshot restore \(half.snapshot) goes on, holdfast snapshot undo goes back")
        }
        guard let restoring, restoring.places != nil else { return parts }
        let left = listed(restoring.unfinished)
        let concern = Concern(
            "cluster-restore", severity,
            isRestoring
                ? "the cluster is being restored from the backup \(restoring.name)"
                : "the restore of the cluster from the backup \(restoring.name) did not end: \(left.isEmpty ? "it was not checked" : "\(left) is missing")",
            remedy: "holdfast cluster restore \(restoring.name) --from PATH goes on")
        return parts + [concern]
    }
}
