import Archiving
import Backups
import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import SQLiteStore
import Snapshots
import StoreContract
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(30))) struct OneCutTests {
    /// Most of the time goes into the server that is started on each of them; HOLDFAST_TEST_ROUNDS asks for more or fewer.
    private static let rounds = environmentValue("HOLDFAST_TEST_ROUNDS").flatMap { Int($0) } ?? (isLongRun ? 50 : 12)

    @Test func `every pair of rows and its file are whole in every snapshot that is taken while they are written`() throws {
        let cluster = try PostgresCluster()
        let loaded = try cluster.load()
        _ = try loaded.initialize()
        let snapshots = Snapshots(loaded)
        try cluster.writing {
            for round in 0..<Self.rounds {
                _ = try snapshots.create(SnapshotRequest("cut-\(round)"), job: JobControl())
                _ = try snapshots.setPinned("cut-\(round)", .pin)
            }
        }
        let repository = try loaded.storage()
        let (listing, reader) = try EntryReader.list(.snapshot, in: repository)
        #expect(listing.entries.count == Self.rounds)
        var sizes: [Int] = []
        var seen: Set<Set<Int>> = []
        for entry in listing.entries {
            let cut = entry.manifest.cut
            #expect(cut.pauseSeconds > 0)
            var found: [String: Set<Int>] = [:]
            for record in entry.manifest.stores {
                found[record.name] = try pairs(in: try loaded.image(of: record, in: entry, reader).tree, record.kind)
            }
            let rows = try #require(found["catalog"])
            #expect(
                found["pairs"] == rows,
                "\(entry.manifest.name): \(rows.symmetricDifference(found["pairs"] ?? []).count) rows lack their pair")
            // Files are read after the cut, one after the other: those of the cut are all there.
            #expect(rows.isSubset(of: found["files"] ?? []), "\(entry.manifest.name)")
            sizes.append(rows.count)
            #expect(!rows.isEmpty && !seen.contains(rows), "\(entry.manifest.name) shows what another one shows")
            seen.insert(rows)
        }
        let pauses = listing.entries.map { Int($0.manifest.cut.pauseSeconds * 1000) }.sorted()
        print("pairs in each: \(sizes.min() ?? 0) to \(sizes.max() ?? 0); pauses with both hooks in ms: \(pauses)")
    }

    private func pairs(in image: ImageTree, _ kind: StoreKind) throws -> Set<Int> {
        switch kind {
        case .postgres:
            let copy = try PostgresServer(restoring: image)
            return Set(try copy.sql("SELECT id FROM pair", in: "acme").split(separator: "\n").compactMap { Int($0) })
        case .sqlite:
            let folder = try TemporaryDirectory()
            let restore = TreeRestore(image: image, destination: folder.path, host: .forTests())
            _ = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
            let database = try SQLiteConnection(path: folder.file("pairs.db"))
            defer { database.close() }
            var found: Set<Int> = []
            try database.query("SELECT id FROM pair") { row in found.insert(Int(row.integer(0) ?? 0)) }
            return found
        default: return Set(try (image.entries(of: []) ?? []).compactMap { Int(FileName.text($0.name)) })
        }
    }

    @Test func `a cluster goes back to a snapshot, forth by undo, and comes up from a backup on other servers`() throws {
        let cluster = try PostgresCluster()
        let loaded = try cluster.load()
        _ = try loaded.initialize()
        let snapshots = Snapshots(loaded)
        try cluster.writing { _ = try snapshots.create(SnapshotRequest("before"), job: JobControl()) }
        let now = try cluster.server.sql("SELECT count(*), max(id) FROM pair", in: "acme")
        let restored = try snapshots.restore(
            snapshots.prepareRestore("before", stores: nil, releaseChange: .refused, job: JobControl()), job: JobControl())
        #expect(restored.stores.first { $0.name == "catalog" }?.check == StoreCheck())
        #expect(try cluster.server.sql("SELECT count(*), max(id) FROM pair", in: "acme") != now)
        _ = try snapshots.restore(try snapshots.prepareUndo(job: JobControl()), job: JobControl())
        #expect(try cluster.server.sql("SELECT count(*), max(id) FROM pair", in: "acme") == now)

        _ = try loaded.addTarget("nas", path: cluster.home.file("nas"))
        let made = try Backups(loaded).create(BackupRequest(name: "b", target: "nas", form: .physical), job: JobControl())
        #expect(made.entry.manifest.store(named: "catalog")?.kept?.map(\.table) == ["public.pair in acme"])
        let drill = try Backups(loaded).drill(DrillRequest(backup: "b", target: "nas"), job: JobControl()).report
        #expect(drill.verdict == .passed, "\(drill.problems)\(drill.gaps)")
        let proofs = try #require(drill.stores.first { $0.name == "catalog" }?.proofs)
        #expect(proofs.contains("1 table with as many rows as recorded") && proofs.contains("pg_amcheck finds nothing"), "\(proofs)")
        #expect(drill.checks.map(\.name) == ["rows", "program"])
        #expect(try Descriptor.openDirectory(cluster.home.file("state/scratch")).isEmptyDirectory())
        let other = try PostgresServer()
        try cluster.writeFile("other.yaml", other, place: "other", state: "other-state")
        let restore = ClusterRestore(into: try cluster.load("other.yaml"), from: cluster.home.file("nas"))
        let outcome = try restore.run(try restore.prepare("b", without: [], job: JobControl()), job: JobControl())
        #expect(outcome.stores.map(\.name) == ["catalog", "pairs", "files"])
        #expect(try other.sql("SELECT count(*), max(id) FROM pair", in: "acme") == now)

        // The files of the server, into a place where none is.
        let files = try PostgresServer()
        try files.stop()
        try removeTree(files.data)
        try cluster.writeFile("files.yaml", files, place: "files", state: "files-state")
        let physical = ClusterRestore(into: try cluster.load("files.yaml"), from: cluster.home.file("nas"), form: .physical)
        _ = try physical.run(try physical.prepare("b", without: [], job: JobControl()), job: JobControl())
        #expect(try files.sql("SELECT count(*), max(id) FROM pair", in: "acme") == now)
        try files.program("pg_amcheck", ["--all", "--install-missing", "--heapallindexed"])
    }
}
