import Model
import Testing

/// Restores that begin, come on, stop anywhere and are followed by others, on the catalogue alone.
@Suite struct RestoreProgressTests {
    private let now = Timestamp(seconds: 1_795_456_200)
    private var catalogue: Catalogue

    init() { catalogue = Catalogue(clusterID: "c1", clusterName: "acme", created: now) }

    private func record(_ snapshot: String, _ stores: [String], isUndo: Bool? = nil) throws -> RestoreRecord {
        RestoreRecord(
            snapshotID: "id-\(snapshot)", name: try SnapshotName(snapshot), began: now, safetySnapshotID: nil, stores: stores,
            isUndo: isUndo)
    }

    /// Takes the safety snapshot `safety`; ids of all snapshots are `existing`, nil: whatever there may be.
    private mutating func begin(
        _ snapshot: String, _ stores: [String], safety: String, existing: Set<String>? = nil, isUndo: Bool? = nil
    ) throws {
        let taken = SafetyRecord(
            snapshotID: "id-\(safety)", name: try SnapshotName(safety), taken: now, before: try SnapshotName(snapshot), stores: stores)
        let all = Set(["s", "t", "before", "half", "later"].map { "id-\($0)" })
        catalogue.beginRestore(try record(snapshot, stores, isUndo: isUndo), taken: taken, existing: existing ?? all)
    }

    private var half: [String] { catalogue.halfDone.map { "\($0.store) of \($0.snapshot)" }.sorted() }

    @Test mutating func `a restore that goes through leaves nothing behind but the way back`() throws {
        try begin("s", ["a", "b"], safety: "before")
        #expect(half == ["a of s", "b of s"])
        #expect(catalogue.restoring?.safetySnapshotID == "id-before")
        catalogue.noteWhole("a")
        #expect(half == ["b of s"])
        catalogue.noteWhole("b")
        #expect(catalogue.restoring == nil && half.isEmpty)
        #expect(catalogue.safety?.name.text == "before")
    }

    @Test mutating func `one store of two that were interrupted does not end the restore of the other`() throws {
        try begin("s", ["a", "b"], safety: "before")
        try begin("s", ["a"], safety: "half")
        catalogue.noteWhole("a")
        #expect(half == ["b of s"])
        #expect(catalogue.restoring?.stores == ["a", "b"] && catalogue.restoring?.finished == ["a"])
        #expect(catalogue.safety?.name.text == "before", "undo leads to before it first began")
        try begin("s", ["b"], safety: "later")
        catalogue.noteWhole("b")
        #expect(catalogue.restoring == nil && half.isEmpty)
        #expect(catalogue.safety?.name.text == "before")
        #expect(catalogue.safety?.stores == ["a", "b"])
    }

    @Test mutating func `a store that was finished is half done again while it is restored again`() throws {
        try begin("s", ["a", "b"], safety: "before")
        catalogue.noteWhole("a")
        try begin("s", ["a", "b"], safety: "half")
        #expect(half == ["a of s", "b of s"])
    }

    @Test mutating func `a way back that was deleted is replaced`() throws {
        try begin("s", ["a", "b"], safety: "before")
        #expect(catalogue.wayBack(of: "id-s", onto: ["a"], existing: ["id-before"])?.name.text == "before")
        #expect(catalogue.wayBack(of: "id-s", onto: ["a"], existing: []) == nil)
        try begin("s", ["a"], safety: "half", existing: ["id-half"])
        #expect(catalogue.safety?.name.text == "half" && catalogue.restoring?.safetySnapshotID == "id-half")
        #expect(half == ["a of s", "b of s"])
    }

    @Test mutating func `a restore of more stores covers the interrupted one and has its own way back`() throws {
        try begin("s", ["a"], safety: "before")
        try begin("s", ["a", "b"], safety: "half")
        #expect(catalogue.safety?.name.text == "half")
        for store in ["a", "b"] { catalogue.noteWhole(store) }
        #expect(catalogue.restoring == nil && half.isEmpty)
    }

    @Test mutating func `another snapshot onto other stores leaves the half that it does not touch noted`() throws {
        try begin("s", ["a", "b"], safety: "before")
        catalogue.noteWhole("a")
        try begin("t", ["c"], safety: "later")
        #expect(half == ["b of s", "c of t"])
        catalogue.noteWhole("c")
        #expect(catalogue.restoring == nil && half == ["b of s"])
        try begin("t", ["b"], safety: "later")
        #expect(half == ["b of t"])
        catalogue.noteWhole("b")
        #expect(half.isEmpty)
    }

    @Test mutating func `a store that nothing differs in is whole, whatever it was being restored from`() throws {
        try begin("s", ["a", "b"], safety: "before")
        catalogue.noteWhole("c")
        catalogue.noteWhole("b")
        #expect(half == ["a of s"])
        try begin("t", ["c"], safety: "later")
        catalogue.noteWhole("a")
        #expect(half == ["c of t"])
    }

    @Test mutating func `an undo that was interrupted goes on, and is not undone to its half`() throws {
        #expect(catalogue.undoing == nil)
        try begin("s", ["a", "b"], safety: "before")
        #expect(try #require(catalogue.undoing).snapshot.text == "before")
        try begin("before", ["a", "b"], safety: "half", isUndo: true)
        catalogue.noteWhole("a")
        let again = try #require(catalogue.undoing)
        #expect(again.snapshot.text == "before" && again.stores == ["a", "b"])
        try begin("before", ["a", "b"], safety: "later", isUndo: true)
        for store in ["a", "b"] { catalogue.noteWhole(store) }
        #expect(try #require(catalogue.undoing).snapshot.text == "half", "it can be undone itself, to before it first began")
    }

    @Test mutating func `stores that undo cannot bring back stay noted`() throws {
        try begin("s", ["a", "gone"], safety: "before")
        try begin("before", ["a"], safety: "half", isUndo: true)
        catalogue.noteWhole("a")
        #expect(catalogue.restoring == nil && half == ["gone of s"])
    }

    @Test mutating func `a cluster restore is none of this`() throws {
        catalogue.restoring = RestoreRecord(
            snapshotID: "id-s", name: try SnapshotName("s"), began: now, safetySnapshotID: nil, stores: ["a"], places: ["a": "/a"])
        #expect(half.isEmpty)
        #expect(catalogue.interruption(of: "id-s", onto: ["a"]) == nil)
        catalogue.noteWhole("a")
        #expect(catalogue.restoring?.finished == [])
    }

    @Test mutating func `all of it is in the file, and files of before are read`() throws {
        try begin("s", ["a", "b"], safety: "before")
        try begin("t", ["c"], safety: "later", isUndo: true)
        let json = try catalogue.json()
        #expect(try Catalogue(json: json, at: "/c") == catalogue)
        let plain = try Catalogue(clusterID: "c1", clusterName: "acme", created: now).json()
        #expect(!String(decoding: plain, as: UTF8.self).contains("halves"))
        #expect(try Catalogue(json: plain, at: "/c").halfRestored.isEmpty)
    }
}
