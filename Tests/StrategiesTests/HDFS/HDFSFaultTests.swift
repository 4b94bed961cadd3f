import Backups
import Clusters
import Glibc
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import Snapshots
import TestSupport
import Testing
import WebHDFS
import Wiring

/// What goes wrong with a real HDFS in the middle of a snapshot, a backup and a restore.
@Suite(.serialized, .timeLimit(.minutes(10))) struct HDFSFaultTests {
    private let place: TemporaryDirectory
    private let server: HDFSServer
    private let cluster: HDFSCluster
    private var seed = SeededRandom(named: "HDFS faults")

    /// Files of a few megabytes in blocks of one, so that whatever is struck is struck in the middle.
    init() throws {
        place = try TemporaryDirectory.inMemory()
        server = try HDFSServer(dataNodes: 2, settings: ["dfs.blocksize=1048576"])
        cluster = try HDFSCluster(in: place.path, server)
        try cluster.fill(20)
        for index in 0..<4 { try cluster.put("big/\(index)", bytes: seed.bytes(5_000_000)) }
        for index in 0..<4 { try AtomicFile.write(seed.bytes(3_000_000), to: "\(place.path)/srv/uploads/sub/big\(index)") }
        _ = try cluster.initialized()
        try cluster.snapshot("good")
        try cluster.backUp("good", of: "good")
    }

    enum Casualty: String, Sendable, CaseIterable {
        case dataNode, nameNode
    }

    /// Kills it; a NameNode comes back.
    private func kill(_ casualty: Casualty) throws {
        switch casualty {
        case .dataNode: try server.killDataNode(1)
        case .nameNode:
            try server.killNameNode()
            try server.start()
        }
    }

    @Test(arguments: drawn(Casualty.allCases, oneIn: 2, "casualty of a snapshot"))
    func `a snapshot goes on when a node dies while it is written into HDFS`(_ casualty: Casualty)
        throws
    {
        let strike = Strike(at: "hdfs://", before: .write, of: "data/") { [self] in try kill(casualty) }
        try AtomicFile.write([UInt8](repeating: 1, count: 100_000), to: "\(place.path)/srv/uploads/new")
        _ = try Snapshots(cluster.load(strike.into(.real))).create(SnapshotRequest("struck"), job: JobControl())
        #expect(strike.fault == nil)
        try expectWhole(["good", "struck"])
    }

    @Test(arguments: drawn(Casualty.allCases, oneIn: 2, "casualty of a backup"))
    func `a backup goes on when a node dies while HDFS is read`(_ casualty: Casualty) throws {
        try cluster.put("big/new", bytes: [UInt8](repeating: 2, count: 6_000_000))
        var random = SeededRandom(named: "read under a backup")
        for index in 0..<12 { try cluster.put("zoo/\(index)", bytes: random.bytes(4_000_000)) }
        // The first pack is full when a third has been read.
        let strike = Strike(at: "nas", before: .write, of: "data/") { [self] in try kill(casualty) }
        let outcome = try Backups(cluster.load(strike.into(.real))).create(
            BackupRequest(name: "struck", target: "nas"), job: JobControl())
        #expect(strike.fault == nil)
        #expect(outcome.entry.manifest.store(named: "lake")?.issues == 0)
        try expectBackups(["good", "struck"])
    }

    @Test(arguments: drawn(Casualty.allCases, oneIn: 2, "casualty of a cluster restore"))
    func `a cluster restore goes on when a node dies while HDFS is written`(_ casualty: Casualty) throws {
        let before = try cluster.tree()
        try cluster.load().delete(job: JobControl())
        let restoring = Strike(at: "nas", before: .read, of: "data/", number: 12) { [self] in try kill(casualty) }
        let restore = ClusterRestore(into: try cluster.load(restoring.into(.real)), from: cluster.small.target)
        _ = try restore.run(restore.prepare("good", without: [], job: JobControl()), job: JobControl())
        #expect(restoring.fault == nil)
        #expect(try cluster.tree() == before)
    }

    @Test func `an HDFS in safe mode is waited for, then refused in one sentence, and nothing is lost`() throws {
        try server.admin("-safemode", "enter")
        let impatient = Drivers.real(JobControl(), patience: .seconds(2))
        #expect { _ = try Snapshots(cluster.load(impatient)).create(SnapshotRequest("safe"), job: JobControl()) } throws: { error in
            let failure = Failure(describing: error)
            return failure.summary.contains("safe mode") && failure.hint != nil
        }
        try server.admin("-safemode", "leave")
        try cluster.snapshot("safe")
        try expectWhole(["good", "safe"])
    }

    @Test func `a quota that is used up is told with what helps, and what was listed stays`() throws {
        let storage = try cluster.at("holdfast").description
        let used = try cluster.client.contentSummary(of: cluster.at("holdfast")).spaceConsumed
        try server.admin("-setSpaceQuota", "\(used + (6 << 20))", storage)
        var random = SeededRandom(named: "beyond the quota")
        try AtomicFile.write(random.bytes(20 << 20), to: "\(place.path)/srv/uploads/large")
        #expect { try cluster.snapshot("large") } throws: { error in
            let failure = Failure(describing: error)
            return failure.code == .space && failure.hint?.contains("snapshot delete") == true
        }
        try expectWhole(["good"])
        try server.admin("-clrSpaceQuota", storage)
        try cluster.snapshot("large")
        try expectWhole(["good", "large"])
    }

    @Test func `DataNodes that are full are told with what helps, and what was listed stays`() throws {
        let home = try TemporaryDirectory()
        let small = try HDFSServer(dataNodes: 1, settings: [HDFSServer.room(128 << 20), "dfs.blocksize=1048576"])
        let full = try HDFSCluster(in: home.path, small).initialized()
        try full.snapshot("good")
        var random = SeededRandom(named: "full DataNodes")
        try AtomicFile.write(random.bytes(160 << 20), to: "\(home.path)/srv/uploads/large")
        let snapshots = Snapshots(try full.load(.real(JobControl(), patience: .seconds(1))))
        #expect { _ = try snapshots.create(SnapshotRequest("large"), job: JobControl()) } throws: { error in
            let failure = Failure(describing: error)
            return failure.code == .space && failure.hint?.contains("snapshot delete") == true
        }
        try "\(home.path)/srv/uploads/large".withCString { path in if unlink(path) != 0 { throw SystemError(errno, "remove", "large") } }
        #expect(try Snapshots(full.load()).list().snapshots.map(\.name.text) == ["good"])
        #expect(try Snapshots(full.load()).validate("good", job: JobControl()).isSound)
        // What was sent is of no snapshot, and goes.
        _ = try Snapshots(full.load()).prune(job: JobControl())
        try full.snapshot("again")
    }

    @Test func `a snapshot of HDFS that somebody deletes under a running backup is named`() throws {
        let strike = Strike(at: "nas", before: .write, of: "data/") { [cluster] in
            for image in try cluster.images() { try cluster.client.deleteSnapshot(of: cluster.at("lake"), named: image) }
        }
        var random = SeededRandom(named: "deleted under a backup")
        // The first pack is full when a quarter has been read.
        for index in 0..<32 { try cluster.put("zoo/\(index)", bytes: random.bytes(4_000_000)) }
        let backups = Backups(try cluster.load(strike.into(.real)))
        #expect { _ = try backups.create(BackupRequest(name: "struck", target: "nas"), job: JobControl()) } throws: { error in
            let failure = Failure(describing: error)
            return failure.code == .store && failure.message.contains("was deleted while it was read")
        }
        #expect(strike.fault == nil)
        try expectBackups(["good"])
        try cluster.backUp("again")
        try expectBackups(["good", "again"])
    }

    @Test func `who may not read the directory is told so, with what helps`() throws {
        try cluster.client.setPermission(of: cluster.at("lake"), 0o700)
        try cluster.small.writeFile(
            "stranger.yaml", state: "stranger", storage: "stranger-storage", stores: [cluster.lake(cluster.address)],
            more: "hdfs: {user: stranger}")
        #expect { _ = try cluster.load("stranger.yaml").initialize() } throws: { error in
            let failure = Failure(describing: error)
            return failure.code == .store && failure.message.contains("lake") && failure.summary.lowercased().contains("permission")
        }
        try cluster.client.setPermission(of: cluster.at("lake"), 0o755)
        _ = try cluster.load("stranger.yaml").initialize()
        let snapshots = Snapshots(try cluster.load("stranger.yaml"))
        #expect { _ = try snapshots.create(SnapshotRequest("mine"), job: JobControl()) } throws: { error in
            Failure(describing: error).code == .store
        }
        #expect(try snapshots.list().snapshots.isEmpty)
    }

    @Test func `what an interrupted backup has sent is not sent again`() throws {
        var random = SeededRandom(named: "interrupted")
        for index in 0..<40 { try cluster.put("zoo/\(index)", bytes: random.bytes(4_000_000)) }
        try cluster.snapshot("fresh")
        let job = JobControl()
        let strike = Strike(at: "nas", before: .write, of: "data/", number: 2) { job.cancel() }
        let backups = Backups(try cluster.load(strike.into(.real)))
        #expect(throws: (any Error).self) { try backups.create(BackupRequest(name: "half", snapshot: "fresh", target: "nas"), job: job) }
        let outcome = try cluster.backUp("whole", of: "fresh")
        #expect(outcome.bytesAdded < 140_000_000 && outcome.bytesAdded > 0, "\(outcome.bytesAdded)")
        try expectBackups(["good", "whole"])
    }

    // MARK: What has to hold after all of them

    private func expectWhole(_ names: [String]) throws {
        let snapshots = Snapshots(try cluster.load())
        #expect(try snapshots.list().snapshots.map(\.name.text) == names)
        for name in names { #expect(try snapshots.validate(name, job: JobControl()).isSound) }
    }

    private func expectBackups(_ names: [String]) throws {
        let backups = Backups(try cluster.load())
        #expect(try backups.list(in: "nas").entries.map(\.manifest.name.text) == names)
        expectSound(try backups.cluster.open(cluster.small.target))
        try cluster.small.expectResticAgrees(cluster.small.target, "after a fault")
    }
}
