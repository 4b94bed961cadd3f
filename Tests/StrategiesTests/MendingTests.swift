import Backups
import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import TestSupport
import Testing

/// A target that lost something is mended by the next backup.
@Suite struct MendingTests {
    /// s1 in the storage and b1, a backup of it, in the target.
    private func prepare(_ root: String) throws {
        let cluster = try SmallCluster(in: root).load()
        _ = try cluster.initialize()
        _ = try Snapshots(cluster).create(SnapshotRequest("s1"), job: JobControl())
        _ = try Backups(cluster).create(BackupRequest(name: "b1", snapshot: "s1", target: "nas"), job: JobControl())
    }

    @Test(.timeLimit(.minutes(10)), arguments: PackDamage.allCases)
    func theNextBackupIsWholeWhateverPackOfTheTargetIsDamaged(_ damage: PackDamage) throws {
        let place = try TemporaryDirectory.inMemory()
        let base = place.file("base")
        try makeDirectories(base)
        try prepare(base)
        let packs = try FileTree.files(below: "\(base)/nas/data")
        #expect(packs.count >= 2)
        for pack in packs {
            let root = place.file("run")
            #expect(try ChildProcess(["cp", "-a", base, root]).run().succeeded)
            defer { try? removeTree(root) }
            let path = "\(root)/nas/data/\(pack)"
            if let left = damage.afflict(try AtomicFile.read(path)) {
                try AtomicFile.write(left, to: path)
            } else {
                #expect(try ChildProcess(["rm", path]).run().succeeded)
            }
            try expectMended(root, damage, "\(damage) of \(pack)")
        }
    }

    /// The manifest and root of the only snapshot are in the pack of trees, or in the one of small files.
    @Test(.timeLimit(.minutes(5))) func aSnapshotThatCannotBeReadIsNamedAndCanBeDeleted() throws {
        let place = try TemporaryDirectory.inMemory()
        try prepare(place.path)
        let small = SmallCluster(at: place.path)
        for pack in try FileTree.files(below: "\(small.storage)/data") {
            #expect(try ChildProcess(["rm", "\(small.storage)/data/\(pack)"]).run().succeeded)
        }
        let snapshots = Snapshots(try small.load())
        #expect(try snapshots.list().snapshots.isEmpty && snapshots.list().damaged.count == 1)
        #expect { _ = try snapshots.find("s1") } throws: { Failure(describing: $0).code == .damaged }
        #expect(try snapshots.planDeletion(["s1"]).items.map(\.name.text) == ["s1"])
        #expect { _ = try snapshots.planDeletion(["s2"]) } throws: { Failure(describing: $0).code == .notFound }
        _ = try snapshots.delete(["s1"], job: JobControl())
        #expect(try snapshots.list().damaged.isEmpty)
        _ = try snapshots.create(SnapshotRequest("s2"), job: JobControl())
        #expect(try snapshots.validate("s2", job: JobControl()).isSound)
        expectSound(try snapshots.cluster.open(small.storage))
    }

    @Test(.timeLimit(.minutes(5))) func whatIsWrongWithARepositoryAndCostsNothingKeepsNobodyFromRestoring() throws {
        let place = try TemporaryDirectory.inMemory()
        try prepare(place.path)
        let small = SmallCluster(at: place.path)
        for folder in [small.storage, small.target] {
            let index = "\(folder)/index/\(try #require(try FileTree.files(below: "\(folder)/index").first))"
            try AtomicFile.write(try #require(PackDamage.flipped.afflict(try AtomicFile.read(index))), to: index)
        }
        try small.write("changed", to: "uploads/sub/file1")
        let snapshots = Snapshots(try small.load())
        let restore = try snapshots.prepareRestore("s1", stores: nil, releaseChange: .refused, job: JobControl())
        _ = try snapshots.restore(restore, job: JobControl())
        #expect(try small.text("uploads/sub/file1") == "upload 1")
        try small.writeFile("new.yaml", place: "new", state: "new-state", storage: "new-storage")
        let cluster = ClusterRestore(into: try small.load("new.yaml"), from: small.target)
        _ = try cluster.run(try cluster.prepare("b1", without: [], job: JobControl()), job: JobControl())
        #expect(try small.text("lake/facts.dat", place: "new") == small.text("lake/facts.dat"))
    }

    private func expectMended(_ root: String, _ damage: PackDamage, _ context: String) throws {
        let small = SmallCluster(at: root)
        let cluster = try small.load()
        let backups = Backups(cluster)
        let job = JobControl()
        if damage.isInside, try backups.list(in: "nas").entries.count == 1 {
            #expect(try !backups.verify("b1", in: "nas", data: .all, job: job).check.isSound, "\(context)")
        }
        _ = try backups.create(BackupRequest(name: "b2", snapshot: "s1", target: "nas"), job: job)
        for data in [DataReading.none, .all] {
            let check = try backups.verify("b2", in: "nas", data: data, job: job).check
            #expect(check.isSound, "\(context): \(check.problems.map(\.text))")
        }
        try deleteIfDamaged("b1", backups, context)
        _ = try backups.prune("nas", PruneOptions(grace: 0), job: job)
        let repository = try cluster.open(small.target)
        expectSound(repository, context)
        #expect(try backups.verify("b2", in: "nas", data: .all, job: job).check.isSound, "\(context)")
        if Restic.isInstalled { try small.expectResticAgrees(small.target, context) }
    }

    /// What was lost for good keeps a prune from its work until nothing needs it any more.
    private func deleteIfDamaged(_ name: String, _ backups: Backups, _ context: String) throws {
        do {
            guard try !backups.verify(name, in: "nas", data: .all, job: JobControl()).check.isSound else { return }
        } catch {
            #expect(Failure(describing: error).code == .damaged, "\(context): \(error)")
        }
        let failure = #expect(throws: Failure.self) { try backups.prune("nas", PruneOptions(grace: 0), job: JobControl()) }
        #expect(failure?.code == .damaged, "\(context)")
        try backups.delete([name], in: "nas")
    }
}
