/// What it takes to set a cluster up again as it was, beside its stores: in the manifest of every snapshot and backup. Holds no secret.
package struct ClusterSettings: Hashable, Sendable, Codable {
    package struct Target: Hashable, Sendable, Codable {
        package var name: String
        /// Absolute, on the host of then.
        package var path: String
        /// In the cluster file; false: added by command.
        package var isDeclared: Bool

        package init(name: String, path: String, isDeclared: Bool) {
            self.name = name
            self.path = path
            self.isDeclared = isDeclared
        }
    }

    /// The cluster file without its secrets; see ``SecretFreeFile``.
    package var clusterFile: String
    package var snapshotPolicy: SnapshotPolicy
    package var backupPolicies: [BackupPolicy]
    package var targets: [Target]
    /// Ids that the cluster had before it was restored from a backup, the last one first.
    package var formerIDs: [String]

    package init(
        clusterFile: String, snapshotPolicy: SnapshotPolicy, backupPolicies: [BackupPolicy], targets: [Target], formerIDs: [String] = []
    ) {
        self.clusterFile = clusterFile
        self.snapshotPolicy = snapshotPolicy
        self.backupPolicies = backupPolicies
        self.targets = targets
        self.formerIDs = formerIDs
    }
}

/// A part of a file that is of use when it can be read, and whose lack harms nothing else: what cannot be decoded is nil.
package struct Tolerant<Value: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
    package var value: Value?

    package init(_ value: Value?) { self.value = value }

    package init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }

    package func encode(to encoder: any Encoder) throws { try value?.encode(to: encoder) }
}

extension BackupPolicy {
    /// The words of the command line that make it: `backup policy create nightly --target nas …`.
    package var command: String {
        var words = "backup policy create \(name) --target \(target) --mode \(mode.rawValue) --every \(schedule.every)"
        words += " --offset \(schedule.offsetText) --keep \(keep.text)"
        if let objective { words += " --rpo \(objective)" }
        if let recoveryObjective { words += " --rto \(recoveryObjective)" }
        if let verifyPercent { words += " --verify \(verifyPercent == 0 ? "none" : "\(verifyPercent)%")" }
        if let drill { words += " --drill \(drill)" }
        return words + (form == .physical ? " --physical" : "")
    }
}

extension SnapshotPolicy {
    /// The words of the command line that change another one to it.
    package var command: String {
        "snapshot policy update --every \(schedule.every) --offset \(schedule.offsetText) --keep \(keep.text)"
            + " --rpo \(objective?.text ?? "none") --rto \(recoveryObjective?.text ?? "none")"
            + " --manual-warn \(manual.warning) --manual-refuse \(manual.refusal)"
    }
}
