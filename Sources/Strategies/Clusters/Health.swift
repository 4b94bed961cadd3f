import HostIO
package import Model
import ObjectStorage

extension Cluster {
    /// How the cluster is, without opening a repository or a store: quick enough for every minute.
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
        facts.roomHistories = try AtomicFile.readIfPresent(state.alertsPath).flatMap(AlertBook.init(json:))?.roomHistories ?? [:]
        facts.imageReports = catalogue.imageReports
        facts.standing = try state.standing()
        facts.standby = try state.standby()
        facts.unended = UnendedWork.among((try? jobs.list()) ?? [])
        let used = try targets().filter { $0.record != nil }.map { ("target \($0.name)", $0.path) }
        for (name, path) in [("storage", file.storage)] + used {
            do {
                guard try isRepository(path) else { throw Failure(.storage, "there is no repository at \(path) any more") }
                if let space = try ballasted(path).space() {
                    facts.rooms.append(PlaceRoom(name: name, free: space.free, total: space.total))
                }
            } catch {
                facts.troubles[name] = Failure(describing: error).summary
            }
        }
        return facts
    }
}

extension HistoryEvent {
    fileprivate var isBackup: Bool { ["backup create ", "\(Self.backupPolicy) "].contains { command.hasPrefix($0) } }

    fileprivate var isGoodSnapshot: Bool {
        outcome == "ok" && (command == HistoryEvent.periodic || command.hasPrefix("snapshot create "))
    }
}
