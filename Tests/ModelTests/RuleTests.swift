import Model
import Testing

@Suite struct RuleTests {
    let now = Timestamp(seconds: 1_795_456_200)

    @Test func `a snapshot restores its own cluster under its own release only`() throws {
        let manifest = try sampleManifest()
        let own = manifest.cluster
        try manifest.checkRestorable(onto: own, releaseChange: .refused)
        var other = own
        other.release = "7.0"
        try manifest.checkRestorable(onto: other, releaseChange: .allowed)
        let release = #expect(throws: Failure.self) { try manifest.checkRestorable(onto: other, releaseChange: .refused) }
        #expect(release?.code == .refused)
        #expect(release?.message == "the snapshot nightly was taken under release 6.2.1, the cluster now runs 7.0")
        #expect(release?.hint?.contains("holdfast backup create --snapshot nightly") == true)
        other.id = "c2"
        let cluster = #expect(throws: Failure.self) { try manifest.checkRestorable(onto: other, releaseChange: .allowed) }
        #expect(cluster?.message.contains("of another cluster (acme, id c1)") == true)
        #expect(cluster?.hint?.contains("holdfast cluster restore") == true)
    }

    @Test func `only what is past its time and not pinned is due`() throws {
        #expect(Keeping(pinned: false, expires: .at(now)).isDue(at: now))
        #expect(!Keeping(pinned: false, expires: .at(now.adding(seconds: 1))).isDue(at: now))
        #expect(!Keeping(pinned: true, expires: .at(now)).isDue(at: now))
        #expect(!Keeping(pinned: false, expires: .never).isDue(at: now))
    }

    @Test func `a pinned snapshot is not deleted`() throws {
        let name = try SnapshotName("nightly")
        try Keeping(pinned: false, expires: .never).checkDeletable(name)
        let failure = #expect(throws: Failure.self) { try Keeping(pinned: true, expires: .never).checkDeletable(name) }
        #expect(failure?.hint?.contains("unpin nightly") == true)
    }

    @Test func `a name is used once`() throws {
        let name = try SnapshotName("nightly")
        try checkNameIsFree(name, among: [try SnapshotName("Nightly")], what: "snapshot")
        #expect(#expect(throws: Failure.self) { try checkNameIsFree(name, among: [name], what: "backup") }?.code == .exists)
    }

    @Test func `a name that is not there gives the nearest`() throws {
        #expect(try pick("b", from: ["a", "b"], what: "snapshot") { $0 } == "b")
        let failure = #expect(throws: Failure.self) { try pick("nightyl", from: ["weekly", "nightly"], what: "snapshot") { $0 } }
        #expect(failure?.code == .notFound)
        #expect(failure?.hint == "did you mean nightly? holdfast snapshot ls shows them")
    }

    func file(_ stores: [StoreDeclaration]) -> ClusterFile {
        ClusterFile(
            path: "/new.yaml", name: "new", release: "7", state: "/s", storage: "/s/snapshots", password: .file("/p"), stores: stores)
    }

    @Test func `stores are matched by name`() throws {
        let manifest = try sampleManifest()
        let moved = StoreDeclaration(name: "lake", kind: .directory, role: .content, path: "/elsewhere")
        let accounts = StoreDeclaration(name: "accounts", kind: .sqlite, role: .metadata, path: "/a.db")
        let extra = StoreDeclaration(name: "extra", kind: .directory, role: .data, path: "/extra")
        let matching = try matchStores(of: manifest, to: file([extra, moved, accounts]), without: [])
        #expect(matching.pairs.map(\.declaration) == [accounts, moved])
        #expect(matching.unfilled == [extra])
        let partial = try matchStores(of: manifest, to: file([accounts]), without: ["lake"])
        #expect(partial.pairs.map(\.record.name) == ["accounts"])
        #expect(partial.without.map(\.name) == ["lake"])
    }

    @Test func `missing stores are named with the way around`() throws {
        let manifest = try sampleManifest()
        let failure = #expect(throws: Failure.self) { try matchStores(of: manifest, to: file([]), without: []) }
        #expect(failure?.code == .refused)
        #expect(failure?.message == "/new.yaml lacks the stores accounts, lake of snapshot nightly")
        #expect(failure?.hint == "add them to the file, or leave them out: --without accounts --without lake")
        let typo = #expect(throws: Failure.self) { try matchStores(of: manifest, to: file([]), without: ["lakes"]) }
        #expect(typo?.code == .notFound)
        #expect(typo?.hint == "did you mean lake?")
    }

    @Test func `a store of another kind is refused`() throws {
        let manifest = try sampleManifest()
        let wrong = StoreDeclaration(name: "accounts", kind: .directory, role: .metadata, path: "/a")
        let failure = #expect(throws: Failure.self) { try matchStores(of: manifest, to: file([wrong]), without: ["lake"]) }
        #expect(failure?.message.contains("of kind directory here, of kind sqlite in the backup") == true)
    }
}
