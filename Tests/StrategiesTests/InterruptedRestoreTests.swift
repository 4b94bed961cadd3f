import Clusters
import HostIO
import Model
import Snapshots
import Synchronization
import TestSupport
import Testing

/// Restores of several stores that stop at one of them, and what may follow.
@Suite(.timeLimit(.minutes(5))) struct InterruptedRestoreTests {
    private let place: TemporaryDirectory
    private let small: SmallCluster
    /// The store that nothing can be put back into.
    private let stubborn: Stubborn

    private final class Stubborn: Sendable {
        let name = Mutex<String?>(nil)
    }

    init() throws {
        place = try TemporaryDirectory.inMemory()
        small = try SmallCluster(in: place.path)
        stubborn = Stubborn()
        _ = try small.load().initialize()
        _ = try snapshots().create(SnapshotRequest("base"), job: JobControl())
        try small.write("mine", to: "uploads/sub/file1")
        try small.write("mine", to: "lake/facts.dat")
        try small.execute("INSERT INTO account VALUES (3, 'edsger')")
    }

    private func snapshots() throws -> Snapshots {
        var drivers = try small.load().drivers
        let (make, stubborn) = (drivers.adapter, stubborn)
        drivers.adapter = { store, file, host in
            let adapter = try make(store, file, host)
            return StubbornAdapter(adapter) { stubborn.name.withLock { $0 == store.name } }
        }
        return Snapshots(try Cluster.load(small.path, host: .current(), drivers: drivers, program: "holdfast test"))
    }

    private func restore(_ name: String, _ stores: [String]? = nil) throws -> RestoreOutcome {
        let snapshots = try snapshots()
        let prepared = try snapshots.prepareRestore(name, stores: stores, releaseChange: .refused, job: JobControl())
        return try snapshots.restore(prepared, job: JobControl())
    }

    private func undo() throws -> RestoreOutcome {
        let snapshots = try snapshots()
        return try snapshots.restore(try snapshots.prepareUndo(job: JobControl()), job: JobControl())
    }

    /// Runs it while one store is stubborn; it fails there, and goes on with the others.
    private func stop(at store: String, _ body: () throws -> RestoreOutcome) throws {
        stubborn.name.withLock { $0 = store }
        defer { stubborn.name.withLock { $0 = nil } }
        let outcome = try body()
        #expect(outcome.failures.map(\.store) == [store] && outcome.failures.together?.code == .store)
        #expect(outcome.failures.first?.failure.hint?.contains("--store \(store)") == true)
        #expect(!outcome.stores.contains { $0.name == store })
        #expect(try small.load().catalogue().history.last?.outcome == "store")
    }

    private func half() throws -> [String] {
        try small.load().status().halfDone.map { "\($0.store) of \($0.snapshot)" }.sorted()
    }

    private func expectMine() throws {
        #expect(try small.text("uploads/sub/file1") == "mine")
        #expect(try small.text("lake/facts.dat") == "mine")
        #expect(try small.rows() == 3)
    }

    private func expectBase() throws {
        #expect(try small.text("uploads/sub/file1") == "upload 1")
        #expect(try small.text("lake/facts.dat")?.hasPrefix("bulk") == true)
        #expect(try small.rows() == 2)
    }

    @Test func `a store that fails does not keep the others back, its restore alone ends the whole, and undo goes back to before it`()
        throws
    {
        try stop(at: "uploads") { try restore("base") }
        #expect(try half() == ["uploads of base"])
        #expect(try small.text("lake/facts.dat")?.hasPrefix("bulk") == true && small.rows() == 2)
        #expect(try small.text("uploads/sub/file1") == "mine")
        #expect(try restore("base", ["uploads"]).halfDone.isEmpty)
        try expectBase()
        #expect(try small.load().catalogue().restoring == nil)
        _ = try undo()
        try expectMine()
    }

    @Test func `an undo that was interrupted goes on with undo`() throws {
        _ = try restore("base")
        try stop(at: "lake") { try undo() }
        #expect(try half().map { $0.prefix(4) } == ["lake"])
        _ = try undo()
        try expectMine()
        #expect(try half().isEmpty)
        _ = try undo()
        try expectBase()
    }

    @Test func `another snapshot onto another store does not hide what is half done`() throws {
        try stop(at: "lake") { try restore("base") }
        _ = try snapshots().create(SnapshotRequest("other"), job: JobControl())
        try small.write("newer", to: "uploads/sub/file1")
        let outcome = try restore("other", ["uploads"])
        #expect(outcome.halfDone.map(\.store) == ["lake"])
        #expect(try half() == ["lake of base"])
        #expect(try restore("base", ["lake"]).halfDone.isEmpty)
        try expectBase()
    }

    @Test func `a store in which nothing differs any more is whole`() throws {
        try stop(at: "lake") { try restore("base") }
        try small.write(String(repeating: "bulk ", count: 5000), to: "lake/facts.dat")
        _ = try restore("base")
        #expect(try half().isEmpty)
    }

    @Test func `what an interrupted restore stands on is deleted with a warning only`() throws {
        try stop(at: "lake") { try restore("base") }
        let plan = try snapshots().planDeletion(["base"])
        #expect(plan.warnings == ["the restore of base, which did not end, cannot go on any more"])
        let safety = try #require(try small.load().catalogue().safety?.name.text)
        _ = try snapshots().delete([safety], job: JobControl())
        #expect { _ = try undo() } throws: { Failure(describing: $0).code == .notFound }
        _ = try restore("base")
        try expectBase()
    }
}
