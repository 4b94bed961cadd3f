import HostIO
package import Model

extension Cluster {
    /// How the cluster is, without opening a repository: quick enough for every minute.
    package func health() throws -> HealthFacts {
        let catalogue = try catalogue()
        var facts = HealthFacts(
            now: host.clock.now(), protectedSince: catalogue.created, policies: catalogue.policies,
            newestSnapshot: catalogue.history.last(where: \.isGoodSnapshot)?.time)
        facts.bounds = file.alerts.bounds
        facts.objectives = file.objectives
        let good = catalogue.history.filter { $0.outcome == "ok" }
        facts.newestBackup = good.last(where: \.isBackup)?.time
        facts.snapshotRestore = good.last { $0.command.hasPrefix("snapshot restore ") }.map {
            Measurement(seconds: $0.seconds, source: "the last restore of a snapshot")
        }
        facts.clusterRestore = good.last { $0.command.hasPrefix("cluster restore ") }.map {
            Measurement(seconds: $0.seconds, source: "the restore of the cluster")
        }
        facts.roomHistories = try state.read(StateDirectory.alerts).flatMap(AlertBook.init(json:))?.roomHistories ?? [:]
        facts.imageReports = catalogue.imageReports
        facts.standing = try state.standing()
        facts.standby = try state.standby()
        facts.unended = UnendedWork.among((try? jobs.list()) ?? [])
        facts.isServed = try state.service() != nil
        facts.halfDone = catalogue.halfDone
        facts.incomplete = catalogue.incompleteRestores
        facts.restoring = catalogue.restoring
        facts.isRestoring = try catalogue.restoring != nil && isRestoring()
        try look(&facts, catalogue)
        return facts
    }
}

extension Cluster {
    /// Whether a restore that was begun is under way.
    private func isRestoring() throws -> Bool {
        let restores = ["snapshot restore ", "snapshot undo", "cluster restore "]
        return try jobs.list().contains { job in job.outcome == .running && restores.contains { job.command.hasPrefix($0) } }
    }
}

extension HistoryEvent {
    fileprivate var isBackup: Bool { ["backup create ", "\(Self.backupPolicy) "].contains { command.hasPrefix($0) } }

    fileprivate var isGoodSnapshot: Bool {
        outcome == "ok" && (command == HistoryEvent.periodic || command.hasPrefix("snapshot create "))
    }
}
