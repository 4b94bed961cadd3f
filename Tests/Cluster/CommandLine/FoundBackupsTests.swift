import Foundation
import HostIO
import TestSupport
import Testing

/// State and storage are both lost, and a target is left.
@Suite(.timeLimit(.minutes(5))) struct FoundBackupsTests {
    @Test func `what a target still has of a cluster of this name is named, and the commands that bring it back do`() throws {
        let cluster = try SampleCluster(.init(more: "targets: [{name: nas, path: nas}]"))
        try cluster.succeed("cluster", "init")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "monday")
        let before = try cluster.content()
        for lost in ["state", "storage", "accounts.db", "accounts.db-wal", "accounts.db-shm", "uploads", "lake"] {
            try cluster.remove(lost)
        }
        for empty in ["uploads", "lake"] { try makeDirectories(cluster.root + "/" + empty) }
        try cluster.sql("PRAGMA journal_mode=wal;")
        let again = try cluster.succeed("cluster", "init", "--json").json("cluster")
        let found = try #require((again["otherBackups"] as? [[String: Any]])?.first)
        #expect(found["target"] as? String == "nas" && found["newest"] as? String == "monday" && found["backups"] as? Int == 1)
        #expect(found["clusterID"] as? String != again["id"] as? String)
        let id = try #require(found["newestID"] as? String)
        try cluster.remove("state")
        try cluster.remove("storage")
        let words = try cluster.succeed("cluster", "init").out
        let commands = words.split(separator: "\n").compactMap { line in line.range(of: ": holdfast ").map { line[$0.upperBound...] } }
            .filter { $0.hasPrefix("cluster ") }.map { $0.split(separator: " ").map(String.init) }
        #expect(commands.map { Array($0.prefix(2)) } == [["cluster", "forget"], ["cluster", "restore"]], "\(words)")
        #expect(commands.last?.contains(String(id.prefix(8))) == true)
        for command in commands {
            if command[1] == "restore" { try cluster.remove("accounts.db") }
            let result = try HoldfastProgram.run(command + ["--yes"], in: cluster.root)
            #expect(result.status == 0, "\(command): \(result)")
        }
        #expect(try cluster.content() == before)
    }

    @Test func `a target with another password is told, and keeps nobody from beginning`() throws {
        let cluster = try SampleCluster(.init(more: "targets: [{name: nas, path: nas}]"))
        try cluster.succeed("cluster", "init")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "monday")
        for lost in ["state", "storage", "password"] { try cluster.remove(lost) }
        let words = try cluster.succeed("cluster", "init").out
        #expect(words.contains("what the target nas holds cannot be told") && words.contains("password of before"), "\(words)")
    }
}
