import Backups
import Clusters
import HostIO
import Model
import Snapshots
import Standby
import TestSupport
import Testing

/// A cluster and standbys of it in one temporary directory: `srv` is the primary's, `b` and `c` are others'; `nas` is between them.
final class StandbySites {
    let small: SmallCluster
    let host: Host

    init(in root: String, host: Host = .current(), settings: String = "") throws {
        small = try SmallCluster(in: root)
        self.host = host
        try writePrimary(settings)
        var random = SeededRandom(named: "standby sites")
        try AtomicFile.write(random.bytes(300_000), to: "\(root)/srv/lake/random", mode: 0o644)
        _ = try primary.initialize()
    }

    /// `settings`: of `standby:`, in braces.
    func writePrimary(_ settings: String = "", release: Release = "1.0") throws {
        try small.writeFile("holdfast.yaml", release: release, more: settings.isEmpty ? "" : "standby: {\(settings)}")
    }

    func writeStandby(_ name: String, _ settings: String = "", cluster: String = "acme", stores: [String]? = nil) throws {
        try small.writeFile(
            "\(name).yaml", cluster: cluster, place: name, state: "\(name)-state", storage: "\(name)-storage", stores: stores,
            more: settings.isEmpty ? "" : "standby: {\(settings)}")
    }

    var root: String { small.root }
    var nas: String { small.target }
    var primary: Cluster { get throws { try small.load(host: host) } }

    func site(_ name: String) throws -> Cluster { try small.load("\(name).yaml", host: host) }
    func standby(_ name: String) throws -> OfflineStandby { OfflineStandby(try site(name)) }

    @discardableResult
    func backup(_ name: String, mode: BackupMode = .full, from cluster: Cluster? = nil) throws -> RepositoryEntry {
        try Backups(cluster ?? primary).create(BackupRequest(name: name, target: "nas", mode: mode), job: JobControl()).entry
    }

    @discardableResult
    func start(_ name: String, from path: String? = nil) throws -> StandbyStartOutcome {
        let standby = try standby(name)
        return try standby.start(standby.prepareStart(from: path ?? nas, of: "acme"), job: JobControl())
    }

    @discardableResult
    func promote(_ name: String, _ change: (inout PromotionRequest) -> Void = { _ in }) throws -> PromotionOutcome {
        var request = PromotionRequest()
        change(&request)
        let standby = try standby(name)
        return try standby.promote(standby.preparePromotion(request), job: JobControl())
    }

    /// What the stores below a place hold.
    func content(_ place: String) throws -> [String] {
        let names = try FileTree.files(below: "\(root)/\(place)").filter { !$0.contains("accounts.db") }
        let files = try names.map { "\($0): \(String(decoding: try AtomicFile.read("\(root)/\(place)/\($0)"), as: UTF8.self))" }
        return files + (try [small.rows(place), small.rows(place, "events_a")].map { "\($0 ?? -1) rows" })
    }

    func execute(_ sql: String, at place: String) throws {
        let outcome = try ChildProcess(["sqlite3", "-bail", "\(root)/\(place)/accounts.db", sql]).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: [sql], outcome: outcome) }
    }
}
