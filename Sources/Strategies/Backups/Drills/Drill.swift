import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import StoreContract

/// One backup restored into a scratch place and opened there, as far as that goes.
struct Drill {
    let cluster: Cluster
    let target: String
    let entry: RepositoryEntry
    let reader: EntryReader
    let repository: OpenRepository
    let scratch: ScratchDirectory
    let room: RoomCheck
    let job: JobControl

    /// The report, not yet signed, and what checks answered in place of what was expected.
    func run() throws -> (report: DrillReport, answers: [String: String]) {
        let began = cluster.host.clock.now()
        let hint = "choose a larger place: --scratch DIR"
        if let words = try cluster.checkRehearsalRoom(of: entry, reader, in: scratch, room, hint: hint, job: job) { job.note(words) }
        let verification = try verify()
        var open: [String: any RehearsedStore] = [:]
        defer { for store in open.values { store.close() } }
        var stores: [DrillReport.Store] = []
        for record in entry.manifest.stores {
            let (report, store) = try cluster.rehearse(
                record, as: declaration(of: record), of: entry, reader, scratch: scratch, job: job)
            stores.append(report)
            open[record.name] = store
        }
        let (checks, answers) = try check(open)
        let manifest = entry.manifest
        let report = DrillReport(
            program: cluster.program, host: cluster.host.name, cluster: manifest.cluster, target: target, backup: manifest.name,
            backupID: entry.id.hex, mode: manifest.mode ?? .full, cut: manifest.cut.began, began: began, ended: cluster.host.clock.now(),
            verification: verification, stores: stores, checks: checks)
        return (report, answers)
    }

    /// Every byte, as a restore of the cluster does before it writes anything.
    private func verify() throws -> DrillReport.Verification {
        let start = cluster.host.clock.monotonicNanoseconds()
        let check = try repository.check([entry.stored], data: .all, job: job)
        try repository.note(check)
        return DrillReport.Verification(
            packsRead: check.packsRead, bytesRead: check.bytesRead, problems: check.problems.filter(\.isLoss).prefix(20).map(\.text),
            seconds: Double(cluster.host.clock.monotonicNanoseconds() &- start) / 1e9)
    }

    /// As the cluster file has it, where it does: a manifest does not say where programs are.
    private func declaration(of record: StoreRecord) -> StoreDeclaration {
        var declaration = record.declaration
        if record.kind == .postgres {
            declaration.postgres = cluster.file.store(named: record.name)?.postgres ?? PostgresAccess(connection: "")
        }
        return declaration
    }

    private func check(_ open: [String: any RehearsedStore]) throws -> ([DrillReport.Check], [String: String]) {
        let checks = DrillChecks(stores: open, scratch: scratch.path, backup: entry.manifest.name, clock: cluster.host.clock)
        var reports: [DrillReport.Check] = []
        var answers: [String: String] = [:]
        for check in try isOfThisCluster() ? cluster.file.checks : [] where isFor(check) {
            try job.checkCancelled()
            job.begin(phase: "check \(check.name)")
            let outcome = checks.run(check)
            try job.checkCancelled()
            reports.append(outcome.report)
            answers[check.name] = outcome.answer
        }
        return (reports, answers)
    }

    /// The checks of the cluster file are not those of another cluster in the target.
    private func isOfThisCluster() throws -> Bool {
        let catalogue = try cluster.catalogue()
        return ([catalogue.clusterID] + catalogue.formerIDs).contains(entry.manifest.cluster.id)
    }

    /// What a mode leaves out cannot be asked for.
    private func isFor(_ check: OperatorCheck) -> Bool {
        guard let store = check.store else { return entry.manifest.mode == .full }
        return entry.manifest.store(named: store)?.extent == .whole
    }
}
