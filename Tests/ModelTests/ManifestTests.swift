@testable import Model
import Testing

/// A manifest of two stores, for tests to change.
func sampleManifest(named name: String = "nightly", release: String = "6.2.1") throws -> Manifest {
    let cut = Timestamp(seconds: 1_795_456_200)
    let accounts = StoreRecord(
        name: "accounts", kind: .sqlite, role: .metadata, path: "/srv/acme/accounts.db", bulkTables: ["events_*"], image: .archived,
        began: cut, ended: cut, sizes: ModeSizes(full: 100, lightweight: 60, dataless: 60), entries: 1, bytes: 100,
        facts: ["tables": "4"])
    let lake = StoreRecord(
        name: "lake", kind: .directory, role: .data, path: "/srv/acme/lake", image: .native, nativeImageID: "20261123-175000-lake",
        extent: .structure, precision: .fuzzy, began: cut, ended: cut.adding(seconds: 1), sizes: ModeSizes(full: 900), entries: 12,
        bytes: 900, reload: [ReloadItem(what: "files below /srv/acme/lake", count: 11, bytes: 900)], issues: 1,
        issueExamples: ["x: vanished"])
    return Manifest(
        program: "holdfast 0.1.0", kind: .snapshot, name: try SnapshotName(name),
        cluster: ClusterIdentity(id: "c1", name: "acme", release: release), created: cut, reason: "before the upgrade", style: .manual,
        pinned: false, expires: cut.adding(seconds: 86_400),
        cut: Cut(began: cut, ended: cut.adding(seconds: 1), pauseSeconds: 0.012, skewSeconds: 0.25, consistency: .bounded),
        stores: [accounts, lake])
}

@Suite struct ManifestTests {
    @Test func `it goes through JSON unchanged, whatever is added`() throws {
        let manifest = try sampleManifest()
        let json = try manifest.json()
        let text = String(decoding: json, as: UTF8.self)
        #expect(try Manifest(json: json, of: "abc") == manifest)
        #expect(text.contains("\"path\" : \"/srv/acme/accounts.db\""))
        #expect(text.hasSuffix("}\n"))
        let more = text.replacing("\"format\"", with: "\"colour\" : {\"a\" : [1]},\n  \"format\"", maxReplacements: 1)
        #expect(try Manifest(json: Array(more.utf8), of: "abc") == manifest)
        #expect(try manifest.json() == json)
    }

    @Test func `sizes are totals`() throws {
        let manifest = try sampleManifest()
        #expect(manifest.sizes == ModeSizes(full: 1000, lightweight: 60, dataless: 60))
        #expect(manifest.bytes == 1000)
        #expect(manifest.reload.count == 1)
    }

    private static let sizes: [UInt64] = [0, 2_147_483_648, 9_007_199_254_740_992, 9_223_372_036_854_775_808, .max]

    @Test(arguments: sizes) func `sums over stores stop at the ends of the range`(_ size: UInt64)
        throws
    {
        var manifest = try sampleManifest()
        for index in manifest.stores.indices {
            manifest.stores[index].bytes = size
            manifest.stores[index].sizes = ModeSizes(full: size, lightweight: size, dataless: size)
            manifest.stores[index].issues = index == 0 ? .min : .max
            manifest.stores[index].facts["unreadable"] = "\(Int.min)"
            if index == 0 {
                manifest.stores[index].note([
                    EntryNote(.unreadable, count: .min, first: ["a"]), EntryNote(.changed, count: .max, first: []),
                ])
            }
        }
        let again = try Manifest(json: manifest.json(), of: "abc")
        #expect(again.bytes == size.addingSaturated(size) && again.sizes.full == again.bytes)
        for store in again.stores {
            _ = store.completeness.lines(of: store.name, examples: 20) + [store.completeness.shortcoming(of: store.name) ?? ""]
            var noted = store
            noted.note([EntryNote(.unreadable, count: .max, first: []), EntryNote(.unreadable, count: .max, first: [])])
        }
        #expect(
            UInt64(saturating: 1e300) == .max && UInt64(saturating: -1) == 0 && Int64(saturating: .nan) == 0 && Int(saturating: 2.9) == 2)
    }

    @Test func `a newer format is refused as such`() throws {
        let failure = #expect(throws: Failure.self) { try Manifest(json: Array(#"{"format": 2, "what": "ever"}"#.utf8), of: "abc") }
        #expect(failure?.code == .refused)
        #expect(failure?.message == "the manifest of abc has format 2; this program reads up to 1")
    }

    @Test(arguments: [
        "", "null", "[]", "{}", #"{"format": 1}"#, #"{"format": 0}"#, #"{"format": "1"}"#, #"{"format": 1.5}"#,
        #"{"format": 99999999999999999999}"#,
        "{\"format\": 1", "\u{0}",
    ]) func `what is not a manifest is damaged`(_ text: String) {
        let failure = #expect(throws: Failure.self) { try Manifest(json: Array(text.utf8), of: "abc") }
        #expect(failure?.code == .damaged)
    }

    @Test(arguments: ["../../etc", "", "a/b", "lake"]) func `store names that could leave their folder or repeat are refused`(
        _ name: String
    ) throws {
        var manifest = try sampleManifest()
        manifest.stores[0].name = name
        let json = try manifest.json()
        let failure = #expect(throws: Failure.self) { try Manifest(json: json, of: "abc") }
        #expect(failure?.code == .damaged)
    }

    @Test func `a negative or a huge count is damage, not a trap`() throws {
        let text = String(decoding: try sampleManifest().json(), as: UTF8.self)
        for (old, new) in [
            ("\"bytes\" : 100", "\"bytes\" : -1"), ("\"bytes\" : 100", "\"bytes\" : 1e40"),
            ("\"skewSeconds\" : 0.25", "\"skewSeconds\" : \"x\""),
        ] {
            #expect(text.contains(old))
            let changed = text.replacing(old, with: new, maxReplacements: 1)
            #expect(throws: Failure.self) { try Manifest(json: Array(changed.utf8), of: "abc") }
        }
        var manifest = try sampleManifest()
        manifest.stores[0].bytes = .max
        #expect(manifest.bytes == .max)
    }

    @Test(arguments: ["6.2.1", "a,b", "100%", "line\nbreak", "Ünïcode 2", "%2C", ""]) func `tags hold any release without a comma`(
        _ release: String
    ) throws {
        var manifest = try sampleManifest(release: release)
        manifest.kind = .backup
        manifest.mode = .lightweight
        let tags = SnapshotTags(of: manifest)
        #expect(tags.tags.allSatisfy { !$0.contains(",") && !$0.contains("\n") })
        #expect(tags.tags.first == "holdfast")
        #expect(SnapshotTags(parsing: tags.tags.reversed() + ["mine"]) == tags)
    }

    @Test(arguments: [
        [], ["holdfast"], ["kind=snapshot", "name=a", "release=1", "cluster-id=x"],
        ["holdfast", "kind=copy", "name=a", "release=1", "cluster-id=x"],
        ["holdfast", "kind=backup", "name=a/b", "release=1", "cluster-id=x"],
        ["holdfast", "kind=backup", "name=a", "release=%2", "cluster-id=x"],
        ["holdfast", "kind=backup", "name=a", "release=%+1", "cluster-id=x"],
        ["holdfast", "kind=backup", "name=a", "release=%FF", "cluster-id=x"],
    ]) func `tags of others are not ours`(_ tags: [String]) { #expect(SnapshotTags(parsing: tags) == nil) }
}
