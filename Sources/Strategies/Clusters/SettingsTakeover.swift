import HostIO
package import Model

/// Whether the settings that a snapshot or backup knows are taken over.
package enum SettingsUse: Sendable { case take, leave }

/// What became of one of them.
package struct TakenSetting: Hashable, Sendable {
    package enum Kind: String, Sendable, Codable {
        case snapshotPolicy = "snapshot-policy"
        case backupPolicy = "backup-policy"
        case target
    }

    package var kind: Kind
    /// Nil for the snapshot policy, of which there is one.
    package var name: String?
    /// "every 1h, kept 3@1h", or the path of a target.
    package var text: String
    package var isTaken: Bool
    /// Why it was not taken over, or is disabled; nil when it is as it was.
    package var reason: String?
    /// Words of the command line that bring or enable it.
    package var command: String?
}

/// Brings policies and targets of an earlier life into a catalogue: those that can be had here, and of the others how to bring them.
struct SettingsTakeover {
    let cluster: Cluster
    let settings: ClusterSettings
    /// The same installation: its policies go on. A restored cluster may be a copy for a test, and writes into no target before somebody says so.
    let isSameInstallation: Bool

    /// Targets come first, because policies need them. Nothing of what is there is replaced, but for the snapshot policy of a new cluster.
    func run(on catalogue: inout Catalogue) -> [TakenSetting] {
        var taken: [TakenSetting] = []
        for target in settings.targets {
            if let outcome = take(target, &catalogue) { taken.append(outcome) }
        }
        if settings.snapshotPolicy != catalogue.policies.snapshot {
            let policy = settings.snapshotPolicy
            catalogue.policies.snapshot = policy
            catalogue.policies.snapshotRecord.begin(policy.schedule, at: cluster.host.clock.now())
            taken.append(TakenSetting(kind: .snapshotPolicy, name: nil, text: policy.text, isTaken: true))
        }
        for policy in settings.backupPolicies {
            if let outcome = take(policy, &catalogue) { taken.append(outcome) }
        }
        return taken
    }

    /// Nil for one that is known already: the cluster file has the last word on where it is.
    private func take(_ target: ClusterSettings.Target, _ catalogue: inout Catalogue) -> TakenSetting? {
        guard !isKnown(target.name, catalogue) else { return nil }
        var outcome = TakenSetting(kind: .target, name: target.name, text: target.path, isTaken: true)
        do {
            try cluster.checkOverlaps(with: [NamedPlace(.target, "the target \(target.name)", target.path)])
            guard try cluster.isRepository(target.path) else { throw Failure(.storage, "there is no repository at \(target.path) here") }
            let own = try EntryReader.list(.backup, in: cluster.open(target.path)).listing.own(by: catalogue.clusterID)
            try catalogue.addTarget(TargetRecord(name: target.name, path: target.path, added: cluster.host.clock.now()))
            for entry in own.entries { catalogue.note(BackupNote(of: entry, in: target.name)) }
        } catch {
            outcome.isTaken = false
            outcome.reason = Failure(describing: error).summary
            outcome.command = "target add \(target.name) \(target.path)"
        }
        return outcome
    }

    private func take(_ policy: BackupPolicy, _ catalogue: inout Catalogue) -> TakenSetting? {
        guard (try? catalogue.policies.backup(named: policy.name)) == nil else { return nil }
        var outcome = TakenSetting(kind: .backupPolicy, name: policy.name, text: policy.text, isTaken: true)
        do {
            guard isKnown(policy.target, catalogue) else { throw Failure(.notFound, "its target \(policy.target) is not known here") }
            var taken = policy
            if !isSameInstallation, policy.isEnabled {
                taken.isEnabled = false
                outcome.reason = "disabled: nothing is written into \(policy.target) before you say so"
                outcome.command = "backup policy enable \(policy.name)"
            }
            try catalogue.policies.add(taken, at: cluster.host.clock.now())
        } catch {
            outcome.isTaken = false
            outcome.reason = Failure(describing: error).summary
            outcome.command = policy.command
        }
        return outcome
    }

    private func isKnown(_ target: String, _ catalogue: Catalogue) -> Bool {
        cluster.file.targets.contains { $0.name == target } || catalogue.target(named: target) != nil
    }
}

extension Cluster {
    /// What the next snapshot or backup says of how the cluster is set up.
    package func settings() throws -> ClusterSettings {
        let catalogue = try catalogue()
        let targets = try targets().map { target in
            ClusterSettings.Target(
                name: target.name, path: target.path, isDeclared: file.targets.contains { $0.name == target.name })
        }
        return ClusterSettings(
            clusterFile: file.secretFree, snapshotPolicy: catalogue.policies.snapshot,
            backupPolicies: catalogue.policies.backups.map(\.policy), targets: targets, formerIDs: catalogue.formerIDs)
    }

    /// The end of a cluster restore: the cluster is whole, and set up as the backup says. Nil where the backup does not say, or `use` leaves it.
    package func finishRestore(of manifest: Manifest, _ use: SettingsUse) throws -> [TakenSetting]? {
        var taken: [TakenSetting]?
        try updateCatalogue { catalogue in
            catalogue.restoring = nil
            guard use == .take, let settings = manifest.clusterSettings else { return }
            taken = SettingsTakeover(cluster: self, settings: settings, isSameInstallation: false).run(on: &catalogue)
        }
        return taken
    }
}
