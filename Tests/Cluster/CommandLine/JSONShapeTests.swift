import Foundation
import Model
import TestSupport
import Testing

/// The forms that other programs rely on.
@Suite struct JSONShapeTests {
    static let snapshotKeys: Set = [
        "name", "id", "created", "release", "style", "reason", "pinned", "expires", "heldBy", "good", "accepted", "lacks", "sizes",
        "pauseSeconds", "skewSeconds",
        "consistency",
        "stores",
    ]
    static let storeKeys: Set = [
        "name", "kind", "role", "path", "image", "extent", "precision", "began", "ended", "bytes", "dataBytes", "entries", "holds", "good",
        "notes",
        "doubts", "issues", "unreadable",
        "issueExamples", "fullWalk", "unchecked", "reload", "kept", "physicalBytes",
    ]
    static let backupKeys: Set = [
        "name", "id", "target", "mode", "cut", "created", "cluster", "release", "snapshot", "bytes", "good", "accepted", "lacks", "drill",
        "stores",
    ]

    @Test(.timeLimit(.minutes(10))) func `every result has its keys and its types`() throws {
        let cluster = try SampleCluster()
        try checkInit(try cluster.succeed("cluster", "init", "--json"))
        try checkStatus(try cluster.succeed("cluster", "status", "--json"))
        let created = try cluster.succeed("snapshot", "create", "one", "--reason", "why", "--ttl", "1d", "--json").json("snapshot")
        try checkSnapshot(created, cluster)
        try checkList(try cluster.succeed("snapshot", "ls", "--json"))
        let shown = try cluster.succeed("snapshot", "show", "one", "--json").json("snapshot")
        #expect(Set(shown.keys) == Self.snapshotKeys && shown["id"] as? String == created["id"] as? String)
        try cluster.put([1], at: "uploads/new")
        try cluster.succeed("snapshot", "create", "two")
        try checkDiff(try cluster.succeed("snapshot", "diff", "one", "two", "--json").json("diff"))
        let validation = try cluster.succeed("snapshot", "validate", "one", "--json").json("validation")
        #expect((validation["check"] as? [String: Any])?["sound"] as? Bool == true)
        let restore = try cluster.succeed("snapshot", "restore", "one", "--yes", "--json").json("restore")
        #expect(Set(restore.keys) == ["snapshot", "safety", "stores", "failures", "halfRestored", "job", "seconds"])
        try checkTargetsAndBackups(cluster)
        let deleted = try cluster.succeed("cluster", "delete", "--confirm", "acme", "--json").json("deleted")
        #expect(Set(deleted.keys) == ["cluster", "id", "stores", "snapshots"])
        let again = try cluster.succeed("cluster", "restore", "b", "--from", cluster.root + "/nas", "--yes", "--json").json("cluster")
        #expect(
            Set(again.keys) == [
                "id", "name", "release", "backup", "stores", "failures", "reload", "settings", "recoverySheet", "job", "seconds",
            ])
    }

    private func checkInit(_ result: HoldfastProgram.Result) throws {
        #expect(result.lines.count == 1)
        let cluster = try result.json("cluster")
        #expect(
            Set(cluster.keys) == [
                "id", "name", "release", "stores", "storage", "newPasswordFile", "adoptedSnapshots", "settings", "recoverySheet",
                "otherBackups", "notes",
            ])
        #expect(cluster["name"] as? String == "acme" && cluster["release"] as? String == "6.2.1")
    }

    private func checkStatus(_ result: HoldfastProgram.Result) throws {
        #expect(result.lines.count == 1)
        let cluster = try result.json("cluster")
        #expect(
            Set(cluster.keys) == [
                "id", "name", "release", "stores", "storage", "targets", "restoring", "halfRestored", "incompleteRestores", "undo",
                "snapshotPolicy", "backupPolicies", "standing",
            ])
        let stores = try #require(cluster["stores"] as? [[String: Any]])
        #expect(stores.map { $0["name"] as? String } == ["accounts", "uploads", "lake"])
        #expect(stores.allSatisfy { Set(["name", "kind", "role", "path", "bytes"]).isSubset(of: $0.keys) })
    }

    private func checkSnapshot(_ snapshot: [String: Any], _ cluster: SampleCluster) throws {
        #expect(Set(snapshot.keys) == Self.snapshotKeys.union(["bytesAdded", "removed"]))
        #expect(snapshot["name"] as? String == "one" && snapshot["release"] as? String == "6.2.1")
        #expect((snapshot["id"] as? String)?.count == 64)
        #expect(snapshot["pauseSeconds"] is Double && snapshot["skewSeconds"] is Double)
        let created = try #require((snapshot["created"] as? String).flatMap(Timestamp.init(text:)))
        let expires = try #require((snapshot["expires"] as? String).flatMap(Timestamp.init(text:)))
        #expect(expires.secondsSince(created) == 86_400)
        let stores = try #require(snapshot["stores"] as? [[String: Any]])
        #expect(stores.map { $0["name"] as? String } == ["accounts", "uploads", "lake"])
        for store in stores { #expect(Set(store.keys) == Self.storeKeys) }
        let file = cluster.root + "/storage/snapshots/" + ((snapshot["id"] as? String) ?? "")
        #expect(FileManager.default.fileExists(atPath: file))
    }

    private func checkList(_ result: HoldfastProgram.Result) throws {
        #expect(result.lines.count == 1)
        let object = try result.json()
        #expect(Set(object.keys) == ["snapshots"])
        let snapshot = try #require((object["snapshots"] as? [[String: Any]])?.first)
        #expect(
            Set(snapshot.keys) == [
                "name", "id", "created", "release", "style", "reason", "pinned", "expires", "heldBy", "good", "accepted", "lacks", "sizes",
            ])
        let sizes = try #require(snapshot["sizes"] as? [String: Int])
        #expect(Set(sizes.keys) == ["full", "lightweight", "dataless"])
        #expect(sizes["full", default: 0] > sizes["lightweight", default: 0])
        #expect(sizes["lightweight", default: 0] > sizes["dataless", default: 0])
        #expect(snapshot["style"] as? String == "manual" && snapshot["reason"] as? String == "why" && snapshot["pinned"] as? Bool == false)
    }

    private func checkDiff(_ diff: [String: Any]) throws {
        #expect(Set(diff.keys) == ["from", "to", "stores"])
        let stores = try #require(diff["stores"] as? [[String: Any]])
        let uploads = try #require(stores.first { $0["name"] as? String == "uploads" })
        #expect(
            Set(uploads.keys) == [
                "name", "presence", "added", "removed", "changed", "metadata", "bytesBefore", "bytesAfter", "examples",
            ])
        #expect(uploads["added"] as? Int == 1 && uploads["removed"] as? Int == 0)
        #expect((uploads["examples"] as? [[String: Any]])?.first?["path"] as? String == "new")
    }

    private func checkTargetsAndBackups(_ cluster: SampleCluster) throws {
        let target = try cluster.succeed("target", "add", "nas", "nas", "--json").json("target")
        #expect(target["name"] as? String == "nas" && target["path"] as? String == cluster.root + "/nas")
        let targets = try cluster.succeed("target", "ls", "--json").json()["targets"] as? [[String: Any]]
        #expect(
            targets?.first.map { Set($0.keys) } == [
                "name", "path", "entries", "newest", "freeBytes", "totalBytes", "problems", "doubt", "strays",
            ])
        let backup = try cluster.succeed("backup", "create", "--target", "nas", "--mode", "full", "--name", "b", "--json").json("backup")
        #expect(Set(backup.keys) == Self.backupKeys.union(["bytesAdded"]))
        #expect(backup["name"] as? String == "b" && backup["mode"] as? String == "full" && (backup["id"] as? String)?.count == 64)
        #expect((backup["snapshot"] as? String)?.hasPrefix("for-backup-") == true)
        #expect((backup["stores"] as? [[String: Any]])?.count == 3)
        let list = try cluster.succeed("backup", "ls", "--target", "nas", "--json")
        #expect(list.lines.count == 1)
        let object = try list.json()
        #expect(Set(object.keys) == ["backups"])
        #expect((object["backups"] as? [[String: Any]])?.first?["id"] as? String == backup["id"] as? String)
        let shown = try cluster.succeed("backup", "show", "b", "--json").json("backup")
        #expect(Set(shown.keys) == Self.backupKeys)
        let verification = try cluster.succeed("backup", "verify", "b", "--target", "nas", "--read-data", "--json").json("verification")
        #expect(Set(verification.keys) == ["backup", "target", "cluster", "check", "lacks", "alsoAffected", "seconds"])
        let prune = try cluster.succeed("target", "prune", "nas", "--grace", "0s", "--yes", "--json").json("prune")
        #expect(Set(prune.keys) == ["packsDeleted", "packsMarked", "bytesWritten", "bytesFreed", "expired"])
        let own = try cluster.succeed("snapshot", "prune", "--yes", "--json").json("prune")
        #expect(Set(own.keys) == Set(prune.keys))
    }
}
