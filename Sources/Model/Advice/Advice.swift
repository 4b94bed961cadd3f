/// Something that can befall a cluster.
package enum Fault: String, Sendable, Encodable, CaseIterable {
    case deletedRows = "deleted-rows"
    case badLoad = "bad-load"
    case badUpgrade = "bad-upgrade"
    case diskLost = "disk-lost"
    case nameNodeLost = "namenode-lost"
    case clusterLost = "cluster-lost"
    case siteLost = "site-lost"
    case ransomwareOnCluster = "ransomware-on-cluster"
    case ransomwareOnTarget = "ransomware-on-target"

    package var title: String {
        switch self {
        case .deletedRows: "rows or files deleted"
        case .badLoad: "a bad load"
        case .badUpgrade: "a bad upgrade"
        case .diskLost: "a disk lost"
        case .nameNodeLost: "the NameNode lost"
        case .clusterLost: "the cluster lost"
        case .siteLost: "the site lost"
        case .ransomwareOnCluster: "ransomware on the cluster"
        case .ransomwareOnTarget: "ransomware on the NAS"
        }
    }
}

/// What covers a fault here and now, and what is missing.
package struct FaultAdvice: Hashable, Sendable, Encodable {
    package enum Cover: String, Sendable, Encodable, Comparable {
        case covered, partly, uncovered

        private var rank: Int {
            switch self {
            case .covered: 0
            case .partly: 1
            case .uncovered: 2
            }
        }

        package static func < (left: Cover, right: Cover) -> Bool { left.rank < right.rank }
    }

    /// Something that is missing, and the command that brings it.
    package struct Gap: Hashable, Sendable, Encodable {
        package var text: String
        package var command: String

        package init(_ text: String, _ command: String) {
            self.text = text
            self.command = command
        }
    }

    package var fault: Fault
    package var cover: Cover
    /// "snapshots", "backups in nas"; nil when nothing does.
    package var by: String?
    /// Measured; nil when nothing covers it.
    package var rpo: Exposure?
    /// Seconds that ``rpo`` may be; nil when nobody said so.
    package var rpoAim: Double?
    /// Seconds, measured; nil when it never was.
    package var rto: Double?
    /// Where the RTO comes from.
    package var rtoSource: String?
    /// Seconds that ``rto`` may be; nil when nobody said so.
    package var rtoAim: Double?
    package var missing: [Gap]
    /// The command for the day when it happens; nil when there is none.
    package var remedy: String?
}

extension AdviceFacts {
    /// For each fault that this cluster can meet.
    package var advice: [FaultAdvice] { faults.map(advice) }

    private var faults: [Fault] {
        let hasHDFS = isStorageInHDFS || !hdfsStores.isEmpty
        return Fault.allCases.filter { $0 != .nameNodeLost || hasHDFS }
    }

    private func advice(on fault: Fault) -> FaultAdvice {
        switch fault {
        case .deletedRows, .badLoad: onSnapshots(fault)
        case .badUpgrade: onSnapshots(fault)
        case .diskLost: onLossOfDisk(fault)
        case .nameNodeLost: onBackups(fault, survivors: { !$0.isInClusterHDFS })
        case .clusterLost:
            onBackups(fault, survivors: { $0.sharesDiskWith.isEmpty && !$0.isInClusterHDFS }, sure: { $0.isRemote || $0.isOffsite })
        case .siteLost: onBackups(fault, survivors: { $0.isRemote && !$0.isInClusterHDFS || $0.isOffsite }, sure: \.isOffsite)
        case .ransomwareOnCluster: onBackups(fault, survivors: { _ in true }, sure: \.isImmutable)
        case .ransomwareOnTarget: onLossOfTarget(fault)
        }
    }

    // MARK: Snapshots

    private func onSnapshots(_ fault: Fault) -> FaultAdvice {
        let exposure = Exposure(newest: newestSnapshot, runs: snapshotRuns, at: now)
        let rpo = snapshotPolicy.objective ?? objectives.snapshots.rpo
        let rto = (snapshotPolicy.recoveryObjective ?? objectives.snapshots.rto).map { Double($0.seconds) }
        var gaps = snapshotGaps + (snapshots == 0 ? [] : stretch(exposure, rpo.map { Double($0.seconds) }, "snapshot"))
        gaps += slowness(snapshotRestores.last, rto, "the last restore of a snapshot", "holdfast jobs ls --last 100\(suffix)")
        let cover: FaultAdvice.Cover = snapshots == 0 ? .uncovered : gaps.isEmpty ? .covered : .partly
        if snapshots == 0, let best = best({ _ in true }) { return onBackup(fault, best, .partly, gaps + gapsOf(best)) }
        if snapshotRestores.isEmpty, snapshots > 0 {
            gaps.append(
                .init(
                    "how long a restore takes was never measured here",
                    "holdfast snapshot restore NAME --store STORE\(suffix), in a quiet hour"))
        }
        if snapshots > 0 { gaps += serviceNotes.map { .init($0, "holdfast cluster status\(suffix)") } }
        if fault == .badUpgrade, snapshots > 0 {
            gaps.append(
                .init(
                    "a snapshot goes back under the release that it was taken under only",
                    "holdfast snapshot create before-upgrade\(suffix)"))
        }
        return FaultAdvice(
            fault: fault, cover: cover, by: snapshots == 0 ? nil : "\(counted(snapshots, "snapshot"))",
            rpo: snapshots == 0 ? nil : exposure, rpoAim: rpo.map { Double($0.seconds) }, rto: snapshotRestores.last,
            rtoSource: snapshotRestores.isEmpty ? nil : "the last restore of a snapshot", rtoAim: rto, missing: gaps,
            remedy: snapshots == 0 ? nil : "holdfast snapshot restore NAME --dry-run\(suffix)")
    }

    /// Snapshots go with the disk, unless the storage is on another one.
    private func onLossOfDisk(_ fault: Fault) -> FaultAdvice {
        let backups = onBackupsElsewhere(fault)
        guard backups.cover != .covered, snapshots > 0, storageSharesDiskWith.isEmpty else { return backups }
        var advice = onSnapshots(fault)
        guard advice.cover < backups.cover else { return backups }
        advice.by = "\(counted(snapshots, "snapshot")) on another disk"
        advice.missing += backups.missing.filter { !advice.missing.contains($0) }
        return advice
    }

    /// As ``LossOfDisk`` judges, with what the target itself lacks.
    private func onBackupsElsewhere(_ fault: Fault) -> FaultAdvice {
        let finding = lossOfDisk.finding
        let gap = finding.gap(suffix).map { [$0] } ?? []
        switch finding {
        case .noTarget: return uncovered(fault, gap)
        case .empty(let name): return uncovered(fault, gap + (targets.first { $0.name == name }.map(policyGap) ?? []))
        case .shared, .unusable: return uncovered(fault, gap + broken)
        case .old(let name, _, _), .held(let name), .notHeld(_, let name, _):
            guard let target = targets.first(where: { $0.name == name }) else { return uncovered(fault, gap) }
            let gaps = gap + gapsOf(target).filter { !gap.contains($0) }
            return onBackup(fault, target, gaps.isEmpty ? .covered : .partly, gaps)
        }
    }

    private var broken: [FaultAdvice.Gap] {
        targets.compactMap { target in
            target.problem.map { FaultAdvice.Gap("target \(target.name): \($0)", "holdfast target ls\(suffix)") }
        }
    }

    private var snapshotGaps: [FaultAdvice.Gap] {
        var gaps: [FaultAdvice.Gap] = []
        if snapshots == 0 { gaps.append(.init("there is no snapshot", "holdfast snapshot create first\(suffix)")) }
        if !snapshotPolicy.isEnabled { gaps.append(.init("the snapshot policy is disabled", "holdfast snapshot policy enable\(suffix)")) }
        if !isServed { gaps.append(unserved) }
        gaps += tornDatabases
        let tolerated = HealthFacts.tolerablePeriods * Double(snapshotPolicy.schedule.every.seconds)
        let isAsked = (snapshotPolicy.objective ?? objectives.snapshots.rpo) != nil
        if let newestSnapshot, !isAsked, isServed, snapshotPolicy.isEnabled, now.secondsSince(newestSnapshot) > tolerated {
            let age = DurationText.age(seconds: now.secondsSince(newestSnapshot))
            gaps.append(.init("the newest snapshot is \(age) old", "holdfast status\(suffix)"))
        }
        return gaps
    }

    /// A stretch without one that is longer than was asked for: the present one, or one that is over.
    private func stretch(_ exposure: Exposure, _ aim: Double?, _ what: String) -> [FaultAdvice.Gap] {
        guard let aim, let age = exposure.now, let worst = exposure.worst, worst > aim else { return [] }
        let asked = "at most \(DurationText.spoken(seconds: aim)) is the aim"
        guard age <= aim else {
            return [.init("the newest \(what) is \(DurationText.age(seconds: age)) old; \(asked)", "holdfast status\(suffix)")]
        }
        return [
            .init(
                "in 30 days there was no \(what) for \(DurationText.spoken(seconds: worst)); \(asked)",
                "holdfast jobs ls --failed --last 100\(suffix)")
        ]
    }

    private func slowness(_ measured: Double?, _ aim: Double?, _ what: String, _ command: String) -> [FaultAdvice.Gap] {
        guard let aim, let measured, measured > aim else { return [] }
        let text = "\(what) took \(DurationText.spoken(seconds: measured)); at most \(DurationText.spoken(seconds: aim)) is the aim"
        return [.init(text, command)]
    }

    private var unserved: FaultAdvice.Gap {
        .init("nobody does what the policies say", "holdfast serve\(suffix), or systemctl enable --now holdfast@\(cluster)")
    }

    // MARK: Backups

    /// `survivors`: targets that the fault spares, as far as can be seen; `sure`: those of them of which it is known.
    private func onBackups(
        _ fault: Fault, survivors: (Target) -> Bool, sure: (Target) -> Bool = { _ in true }
    ) -> FaultAdvice {
        guard !targets.isEmpty else { return uncovered(fault, [.noTarget(suffix)]) }
        if let target = best({ survivors($0) && sure($0) }) {
            let gaps = gapsOf(target)
            return onBackup(fault, target, gaps.isEmpty ? .covered : .partly, gaps)
        }
        let lacking = lack(of: fault)
        if let target = best(survivors) { return onBackup(fault, target, .partly, [lacking] + gapsOf(target)) }
        let usable = targets.filter { survivors($0) && $0.problem == nil }
        if let empty = usable.first {
            return uncovered(fault, [.noBackup(in: empty.name, suffix)] + policyGap(empty))
        }
        return uncovered(fault, [lacking] + broken)
    }

    private func uncovered(_ fault: Fault, _ gaps: [FaultAdvice.Gap]) -> FaultAdvice {
        FaultAdvice(fault: fault, cover: .uncovered, by: nil, rpo: nil, rto: nil, rtoSource: nil, missing: gaps, remedy: nil)
    }

    /// What would make a target spare the fault for sure.
    private func lack(of fault: Fault) -> FaultAdvice.Gap {
        let add = "holdfast target add NAME PATH\(suffix)"
        switch fault {
        case .siteLost:
            return .init(
                "no target is known to be at another site", "\(add), with offsite: true at the target in the cluster file")
        case .ransomwareOnCluster:
            return .init(
                "whoever rules this host can delete in every target that it can write to",
                "use a target that keeps versions or is written once, and say immutable: true in the cluster file")
        case .clusterLost:
            let shared = targets.filter { !$0.sharesDiskWith.isEmpty }.map(\.name).joined(separator: ", ")
            return .init(shared.isEmpty ? "no target is known to be on another host" : "\(shared) dies with the disk of the cluster", add)
        case .nameNodeLost: return .init("every target is in the cluster's own HDFS", add)
        default: return .shared(with: [], suffix)
        }
    }

    /// The target with the newest whole backup; one with a part only when there is nothing else.
    private func best(_ isWanted: (Target) -> Bool) -> Target? {
        let usable = targets.filter { isWanted($0) && $0.problem == nil && $0.newest != nil }
        func rank(_ target: Target) -> (Int, Timestamp) {
            (target.newestFull == nil ? 0 : 1, target.newestFull ?? target.newest ?? now)
        }
        return usable.max { rank($0) < rank($1) }
    }

    private func onBackup(_ fault: Fault, _ target: Target, _ cover: FaultAdvice.Cover, _ gaps: [FaultAdvice.Gap]) -> FaultAdvice {
        let standby = [.clusterLost, .siteLost].contains(fault) ? target.standbys.first : nil
        let passed = target.drill.flatMap { $0.verdict == .failed ? nil : $0 }
        let rto = passed?.recoverySeconds ?? clusterRestores.last
        return FaultAdvice(
            fault: fault, cover: target.drill?.verdict == .failed ? max(cover, .partly) : cover,
            by: "\(counted(target.backups, "backup")) in \(target.name)"
                + (standby.map { ", standby on \($0)" } ?? ""),
            rpo: Exposure(newest: target.newestFull ?? target.newest, runs: target.runs, at: now), rpoAim: target.rpo, rto: rto,
            rtoSource: passed.map { "the drill of \($0.backup), \(relativeAge(of: $0.time, at: now))" }
                ?? (rto == nil ? nil : "the last restore of a cluster"), rtoAim: target.rto, missing: gaps,
            remedy: standby.map { "on \($0): holdfast standby promote" } ?? "holdfast cluster restore BACKUP --from PATH -c NEWFILE")
    }

    private var tornDatabases: [FaultAdvice.Gap] {
        databasesInUse.map {
            .init(
                "\($0) is a database in use, and copies of its files may be torn: declare it as a store of kind sqlite or postgres, or stop or dump it by hooks",
                "holdfast cluster status\(suffix)")
        }
    }

    private func gapsOf(_ target: Target) -> [FaultAdvice.Gap] {
        var gaps = tornDatabases
        if target.newestFull == nil {
            gaps.append(
                .init(
                    "\(target.name) has no full backup: what was left out has to be loaded again",
                    "holdfast backup create --target \(target.name)\(suffix)"))
        }
        let drill = "holdfast backup drill latest --target \(target.name)\(suffix)"
        switch target.drill {
        case nil: gaps.append(.init("no backup in \(target.name) was ever drilled", drill))
        case let note? where note.verdict == .failed:
            gaps.append(
                .init(
                    "the backup \(note.backup) failed its drill: \(note.problem ?? "see its report")",
                    "holdfast backup report \(note.backup) --target \(target.name)\(suffix)"))
        case let note? where now.secondsSince(note.time) > (objectives.drills.map { Double($0.seconds) } ?? 31 * 86_400):
            gaps.append(.init("the last drill is \(DurationText.age(seconds: now.secondsSince(note.time))) old", drill))
        default: break
        }
        let exposure = Exposure(newest: target.newestFull ?? target.newest, runs: target.runs, at: now)
        gaps += stretch(exposure, target.rpo, "backup in \(target.name)")
        if let drill = target.drill, drill.verdict != .failed {
            gaps += slowness(
                drill.recoverySeconds, target.rto, "the drill of \(drill.backup)",
                "holdfast backup report \(drill.backup) --target \(target.name)\(suffix)")
        }
        return gaps + policyGap(target)
    }

    private func policyGap(_ target: Target) -> [FaultAdvice.Gap] {
        guard target.hasPolicy else {
            return [.noPolicy(into: target.name, suffix)]
        }
        return isServed ? [] : [unserved]
    }

    /// The cluster goes on; what is lost are its backups.
    private func onLossOfTarget(_ fault: Fault) -> FaultAdvice {
        let usable = targets.filter { $0.problem == nil && $0.newest != nil }
        guard let first = usable.first else {
            return uncovered(
                fault,
                [
                    .init(
                        "there is no backup",
                        targets.isEmpty
                            ? "holdfast target add NAME PATH\(suffix)" : "holdfast backup create --target \(targets[0].name)\(suffix)")
                ])
        }
        if let immutable = usable.first(where: \.isImmutable) { return onBackup(fault, immutable, .covered, []) }
        guard usable.count > 1, let best = best({ _ in true }) else {
            let gaps: [FaultAdvice.Gap] = [
                .init("\(first.name) holds the only backups", "holdfast target add SECOND PATH\(suffix)"),
                .init(
                    "altered backups show when they are read",
                    "holdfast backup verify BACKUP --target \(first.name) --read-data\(suffix)"),
            ]
            return FaultAdvice(
                fault: fault, cover: .partly, by: "the cluster itself and \(counted(snapshots, "snapshot"))",
                rpo: Exposure(newest: newestSnapshot, runs: snapshotRuns, at: now), rto: nil, rtoSource: nil, missing: gaps,
                remedy: "holdfast backup create --target NEW\(suffix)")
        }
        return onBackup(fault, best, .covered, gapsOf(best))
    }
}
