import Clusters
import HostIO
import Model
import Standby

/// What a service does beside the runs of policies. Each may be done on a thread of its own.
struct ServiceErrands: Sendable {
    let load: @Sendable () throws -> Cluster
    let supervisor: SupervisorSocket?
    /// The service's.
    let job: JobControl

    /// Gives what is to be told.
    func run(_ lane: Lane, _ work: JobControl) throws -> [ServiceLine] {
        let cluster = try load()
        return switch lane {
        case .epochs: try epochs(cluster)
        case .sync: try sync(cluster, work)
        case .handover: try Handover(cluster).answer(job: work).map { ServiceLine(.standing, $0) }
        case .alerts: try alerts(cluster)
        case .heartbeat: AlertSinks(of: cluster).beat().map { [ServiceLine(.note, $0)] } ?? []
        case .snapshots, .backups: []
        }
    }

    /// Asks the targets who owns the cluster, and tells its standbys what they need.
    private func epochs(_ cluster: Cluster) throws -> [ServiceLine] {
        let changes = try cluster.lookAtEpochs()
        cluster.publishNotices()
        return changes.map { ServiceLine(.standing, $0.text) }
    }

    private func sync(_ cluster: Cluster, _ work: JobControl) throws -> [ServiceLine] {
        let standby = OfflineStandby(cluster)
        guard try standby.current() != nil, try standby.isBehind() else { return [] }
        supervisor?.send("STATUS=standby sync")
        defer { supervisor?.send("STATUS=waiting") }
        do { return [ServiceLine(.standing, StandbyWords.line(try standby.sync(job: work)))] } catch {
            guard Failure(describing: error).code == .cancelled else { throw error }
            return job.isCancelled ? [] : [ServiceLine(.note, "the sync makes room for a promotion")]
        }
    }

    private func alerts(_ cluster: Cluster) throws -> [ServiceLine] {
        let sinks = AlertSinks(of: cluster)
        var lines: [ServiceLine] = []
        try AlertWatch.look(cluster) { notice in
            lines.append(ServiceLine(.alert, "\(notice.text) (\(notice.remedy))"))
            lines += sinks.send(notice).map { ServiceLine(.note, $0) }
        }
        return lines
    }
}
