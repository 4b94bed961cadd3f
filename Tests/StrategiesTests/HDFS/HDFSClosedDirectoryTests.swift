import Archiving
import Backups
import Clusters
import HostIO
import Model
import Snapshots
import StoreContract
import TestSupport
import Testing
import WebHDFS

/// A store in a real HDFS in which the user of the cluster may not look everywhere.
@Suite(.serialized, .timeLimit(.minutes(10))) struct HDFSClosedDirectoryTests {
    private let place: TemporaryDirectory
    private let cluster: HDFSCluster

    /// `joe` owns the lake, and what was put into it so far.
    init() throws {
        place = try TemporaryDirectory.inMemory()
        cluster = try HDFSCluster(in: place.path)
        try cluster.small.writeFile(
            "holdfast.yaml", stores: ["uploads", cluster.lake(cluster.address)], more: "hdfs: {user: joe}")
        try cluster.fill(20)
        try cluster.put("closed/in/f", "somebody else's")
        try cluster.client.allowSnapshots(of: cluster.at("lake"))
        for path in ["lake", "lake/year0", "lake/year1"] + (0..<20).map({ "lake/year\($0 / 10)/part-\($0)" }) { try give(path) }
        _ = try cluster.load().initialize()
    }

    private func give(_ path: String) throws { try cluster.client.setOwner(of: cluster.at(path), owner: "joe") }
    private func close(_ path: String, _ permission: UInt32 = 0o700) throws {
        try cluster.client.setPermission(of: cluster.at("lake/\(path)"), permission)
    }
    private func lake(_ manifest: Manifest) throws -> StoreRecord { try #require(manifest.store(named: "lake")) }
    private func names(_ folder: String = "lake") throws -> [String] {
        try cluster.client.entries(of: cluster.at(folder)).map { FileName.text($0.name) }
    }

    @Test func `a directory that may not be listed is named in each image, none of them is good, and all else is saved`() throws {
        #expect(try cluster.backUp("b0").entry.manifest.isFlawless)
        try close("closed")
        for (number, fresh) in [(1, "first"), (2, "second")] {
            try cluster.put(fresh, fresh)
            let taken = try cluster.snapshot("s\(number)").entry.manifest
            #expect(try lake(taken).unreadable == 1 && taken.flawedStores == ["lake"])
            let manifest = try cluster.backUp("b\(number)", of: "s\(number)").entry.manifest
            let record = try lake(manifest)
            #expect(record.unreadable == 1 && manifest.flawedStores == ["lake"], "\(record.completeness.notes)")
            #expect(manifest.shortcomings.first?.hasPrefix("lake: 1 entry could not be read (closed: ") == true, "\(manifest.shortcomings)")
            #expect(record.fullWalk?.contains("permission denied") == true)
            // 20 files, three directories, and the new ones.
            #expect(record.entries == UInt64(23 + number))
        }
        let status = try #require(try cluster.load().status().stores.first { $0.declaration.name == "lake" }).status.get()
        #expect(status.notes.contains { $0.contains("(closed) may not be listed") } && (status.bytes ?? 0) > 0, "\(status)")
        #expect(try lake(cluster.backUp("structure", mode: .dataless).entry.manifest).unreadable == 1)
        try close("closed", 0o755)
        #expect(try cluster.backUp("b3").entry.manifest.isFlawless)
    }

    @Test func `a restore in place leaves what may not be listed, names it, and restores all else`() throws {
        try cluster.snapshot("s1")
        let before = try cluster.tree()
        try close("closed")
        try cluster.put("closed/in/late", "late")
        try cluster.client.remove(cluster.at("lake/year0"), .tree)
        try cluster.client.rename(cluster.at("lake/year1/part-12"), to: cluster.at("lake/moved"))
        try cluster.put("year1/part-11", "another content")
        try give("lake/year1/part-11")
        try cluster.put("extra/deep/file", "extra")
        for path in ["lake/extra", "lake/extra/deep"] { try give(path) }
        let prepared = try Snapshots(cluster.load()).prepareRestore("s1", stores: nil, releaseChange: .refused, job: JobControl())
        #expect(prepared.plan.stores.first { $0.store == "lake" }?.unexamined == 1, "\(prepared.plan)")
        let outcome = try cluster.restore("s1")
        let filled = try #require(outcome.stores.first { $0.name == "lake" })
        #expect(outcome.failures.isEmpty && filled.check.differences == 0, "\(outcome.failures) \(filled.check)")
        let named = filled.changes.named
        #expect(named.contains { $0.path == "closed" && $0.kind == .unrestored }, "\(named)")
        #expect(try names("lake/closed/in") == ["f", "late"])
        #expect(try cluster.tree().filter { !$0.hasPrefix("closed") } == before.filter { !$0.hasPrefix("closed") })
    }

    @Test func `what HDFS does not let a restore change is named, and all else is restored`() throws {
        try cluster.put("locked/old", "old")
        try cluster.put("locked/kept", "kept")
        try cluster.snapshot("s1")
        try cluster.put("locked/new", "new")
        try cluster.client.remove(cluster.at("lake/locked/old"))
        try cluster.client.rename(cluster.at("lake/locked/kept"), to: cluster.at("lake/year0/kept"))
        try cluster.client.remove(cluster.at("lake/year1/part-15"))
        try cluster.put("year0/extra", "extra")
        let outcome = try cluster.restore("s1")
        let filled = try #require(outcome.stores.first { $0.name == "lake" })
        let named = Set(filled.changes.named.map(\.path))
        #expect(outcome.failures.isEmpty && named.isSuperset(of: ["locked/new", "locked/old"]), "\(named) \(outcome.failures)")
        #expect(try names("lake/locked") == ["new"])
        #expect(try names("lake/year0").contains("extra") == false && names("lake/year1").contains("part-15"))
        #expect(try names().allSatisfy { !$0.hasPrefix(".holdfast") })
        #expect(try names("lake/year0").contains("kept"), "what cannot go home stays where it is")
    }

    @Test func `rights of every kind that keep a directory closed are named`() throws {
        for name in ["listed", "entered", "acl"] { try cluster.put("\(name)/f", name) }
        try close("listed", 0o744)
        try close("entered", 0o711)
        try cluster.client.setAccessList(
            of: cluster.at("lake/acl"), ["user::rwx", "user:joe:---", "group::r-x", "mask::r-x", "other::r-x"])
        try cluster.put("secret", "secret")
        try close("secret", 0o600)
        let taken = try cluster.snapshot("s1").entry.manifest
        #expect(try lake(taken).unreadable == 3)
        let record = try lake(cluster.backUp("b1", of: "s1").entry.manifest)
        let lines = record.completeness.notes.filter { $0.flaw == .unreadable }.flatMap(\.first)
        #expect(record.unreadable == 4, "\(record.completeness.notes)")
        // HDFS refuses the quota of a directory with such a one below, and attributes of a file that may not be read.
        let others = record.completeness.notes.filter { $0.flaw != .unreadable }
        #expect(
            others.map(\.flaw) == [.metadata] && others.flatMap(\.first).allSatisfy { $0.hasPrefix(".: ") || $0.hasPrefix("secret: ") },
            "\(others)")
        for name in ["listed", "entered", "acl", "secret"] { #expect(lines.contains { $0.hasPrefix("\(name): ") }, "\(name): \(lines)") }
        #expect(Set(record.lacking.names) == ["listed", "entered", "acl", "secret"])
    }
}

extension LackingEntries {
    fileprivate var names: [String] { if case .paths(let paths) = self { paths } else { ["?"] } }
}
