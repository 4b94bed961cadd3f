import Backups
import Clusters
import HostIO
import Model
import RepositoryEngine
import SQLiteStore
import Snapshots

/// The demo's steps in order, each timed and told.
final class Story {
    let demo: Demo
    let job: JobControl
    let say: (String) -> Void
    private var steps: [DemoReport.Step] = []
    private let cluster: DemoCluster

    init(demo: Demo, job: JobControl, say: @escaping (String) -> Void) {
        self.demo = demo
        self.job = job
        self.say = say
        cluster = DemoCluster(directory: demo.directory, megabytes: demo.megabytes, seed: demo.seed)
    }

    func tell() throws -> DemoReport {
        let start = demo.host.clock.monotonicNanoseconds()
        try step("make a cluster") { try cluster.make() }
        say(
            "   accounts.db (SQLite, \(grouped(DemoCluster.accountCount)) accounts), \(grouped(DemoCluster.uploadCount)) uploads, \(demo.megabytes) MB of bulk data, from seed \(demo.seed)"
        )
        let before = try Fingerprint.stores(below: "\(demo.directory)/srv")
        let live = try demo.load(cluster.file)
        try step("protect it: holdfast cluster init") { _ = try live.initialize() }
        try snapshot(live)
        try damageAndRestore(live, before)
        try backUp(live)
        try loseEverything(live)
        try restoreElsewhere(before)
        try readWithRestic(before)
        return DemoReport(directory: demo.directory, steps: steps, seconds: seconds(since: start))
    }

    private func snapshot(_ live: Cluster) throws {
        let name = try SnapshotName("before-load")
        let taken = try step("take a snapshot: holdfast snapshot create before-load") { [job] in
            try Snapshots(live).create(SnapshotRequest(name: name, reason: "before the big load"), job: job)
        }
        let manifest = taken.entry.manifest
        say(
            "   \(ByteCount(manifest.bytes)) in \(counted(manifest.stores.count, "store")), \(ByteCount(taken.bytesStored)) stored; instants \(milliseconds(manifest.cut.skewSeconds)) apart"
        )
    }

    private func damageAndRestore(_ live: Cluster, _ before: [String: String]) throws {
        let whole = try probe()
        try step("damage it: rows deleted, uploads overwritten, a bulk file gone") { try cluster.damage() }
        let reader = try Reader(cluster.accounts, whole: [whole, try probe()])
        let snapshots = Snapshots(live)
        let prepared = try step("plan the restore: holdfast snapshot restore before-load --dry-run") { [job] in
            try snapshots.prepareRestore("before-load", stores: nil, releaseChange: .refused, job: job)
        }
        for store in prepared.plan.stores { say("   \(store.store): \(store.text)") }
        let outcome = try step("restore it while an application keeps reading") { [job] in try snapshots.restore(prepared, job: job) }
        let (reads, torn) = try reader.finish()
        guard reads > 0, torn == 0 else { throw Failure(.internal, "the reader saw \(torn) torn states in \(reads) reads") }
        try prove(before, below: "\(demo.directory)/srv", "the cluster as it was")
        say("   \(grouped(reads)) reads meanwhile, none failed or torn; undo is kept as \(outcome.safety?.text ?? "nothing")")
    }

    private func probe() throws -> Int64 {
        let database = try SQLiteConnection(path: cluster.accounts)
        defer { database.close() }
        return try database.integer(Reader.probe) ?? 0
    }

    private func backUp(_ live: Cluster) throws {
        let backups = Backups(live)
        try step("add a target: holdfast target add nas \(cluster.target)") { [cluster] in
            _ = try backups.addTarget("nas", path: cluster.target)
        }
        for mode in BackupMode.allCases {
            let request = BackupRequest(name: "\(mode.rawValue)-1", snapshot: "before-load", target: "nas", mode: mode)
            let made = try step("back up: holdfast backup create --target nas --mode \(mode.rawValue)") { [job] in
                try backups.create(request, job: job)
            }
            let reload = made.entry.manifest.reload
            say(
                "   holds \(ByteCount(made.entry.manifest.bytes)), adds \(ByteCount(made.bytesAdded))"
                    + (reload.isEmpty ? "" : "; to reload: \(reload.map(\.text).joined(separator: ", "))"))
        }
        let report = try step("prove the backup: holdfast backup verify full-1 --read-data") { [job] in
            try backups.verify("full-1", in: "nas", data: .all, job: job)
        }
        guard report.check.isSound else { throw Failure(.damaged, "the backup is not sound: \(report.check.problems.map(\.text))") }
        say("   \(counted(report.check.blobs, "blob")) in \(counted(report.check.packsRead, "pack")) read and proven")
    }

    private func loseEverything(_ live: Cluster) throws {
        try step("lose the cluster: holdfast cluster delete") { [job] in try live.delete(job: job) }
        guard try statusOfPath(cluster.accounts) == nil else { throw Failure(.internal, "the cluster is still there") }
    }

    private var elsewhere: String { "\(demo.directory)/elsewhere" }

    private func restoreElsewhere(_ before: [String: String]) throws {
        let file = "\(elsewhere)/holdfast.yaml"
        try makeDirectories(elsewhere)
        try cluster.writeClusterFile(
            file, name: "acme", release: "7.0.0", root: "\(elsewhere)/data", state: "\(elsewhere)/state", storage: "\(elsewhere)/snapshots")
        let restore = ClusterRestore(into: try demo.load(file), from: cluster.target)
        let prepared = try step("check backup and place: holdfast cluster restore full-1 --dry-run") { [job] in
            try restore.prepare("full-1", without: [], job: job)
        }
        try step("restore it elsewhere, under release 7.0.0") { [job] in _ = try restore.run(prepared, job: job) }
        try prove(before, below: "\(elsewhere)/data", "the cluster elsewhere")
    }

    /// The exit guarantee: without Holdfast, restic brings the same bytes back.
    private func readWithRestic(_ before: [String: String]) throws {
        let target = "\(demo.directory)/restic"
        func restic(_ words: [String]) throws -> ChildProcess.Outcome {
            var child = ChildProcess(
                ["restic", "-r", cluster.target, "--password-file", "\(demo.directory)/password", "--no-cache", "-q"] + words)
            child.timeout = .seconds(300)
            return try child.run()
        }
        guard let version = try? ChildProcess(["restic", "version"]).run(), version.succeeded else {
            say("   restic is not installed: skipped reading the backup with it")
            return
        }
        let outcome = try step("read the same backup with restic alone: restic restore") {
            try restic(["restore", "latest", "--tag", "name=full-1", "--target", target])
        }
        guard outcome.succeeded else { throw Failure(.internal, "restic restore failed", cause: outcome.errorText) }
        try prove(
            ["uploads": before["uploads"] ?? "", "warehouse": before["warehouse"] ?? ""], below: "\(target)/stores", "restic's restore")
        let rows = try Fingerprint.database("\(target)/stores/accounts/accounts.db")
        guard rows == before["accounts"] else { throw Failure(.internal, "restic's restore differs in accounts") }
    }

    private func prove(_ before: [String: String], below root: String, _ what: String) throws {
        for (store, fingerprint) in before.sorted(by: { $0.key < $1.key }) {
            let now = try store == "accounts" ? Fingerprint.database("\(root)/accounts.db") : Fingerprint.directory("\(root)/\(store)")
            guard now == fingerprint else { throw Failure(.internal, "\(what) differs in \(store)") }
        }
        say("   every byte of \(before.keys.sorted().joined(separator: ", ")) equal")
    }

    @discardableResult
    private func step<R>(_ what: String, _ body: () throws -> R) throws -> R {
        try job.checkCancelled()
        let start = demo.host.clock.monotonicNanoseconds()
        let result = try body()
        let taken = seconds(since: start)
        steps.append(DemoReport.Step(what: what, seconds: taken))
        say("\(pad(String(steps.count), 2)) \(what)  [\(DurationText.spoken(seconds: taken))]")
        return result
    }

    private func pad(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }

    private func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1000).rounded())) ms" }

    private func seconds(since start: UInt64) -> Double { Double(demo.host.clock.monotonicNanoseconds() &- start) / 1e9 }
}
