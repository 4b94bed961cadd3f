import Glibc
import HostIO
import TestSupport
import Testing

/// kill -9 of the real program at moments drawn at random: what was listed before is whole afterwards, and the same command works again.
@Suite struct KillTests {
    private func kill(_ arguments: [String], of cluster: SampleCluster, after milliseconds: Int) throws {
        let command = ([HoldfastProgram.path] + arguments + ["-c", cluster.file]).joined(separator: " ")
        // The shell's `timeout` sends SIGKILL to the program itself.
        let seconds = "\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())"
        _ = try ChildProcess(
            ["timeout", "-s", "KILL", seconds, "/bin/sh", "-c", "exec \(command)"], workingDirectory: cluster.root, timeout: .seconds(60)
        ).run()
    }

    @Test(.timeLimit(.minutes(10))) func `a program that is killed at any moment loses nothing that was listed`() throws {
        var random = SeededRandom(named: "moments of death")
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "create", "first")
        let before = try cluster.content()
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("backup", "create", "--target", "nas", "--snapshot", "first", "--name", "keep")
        for round in 0..<8 {
            try cluster.put(Array("round \(round)".utf8), at: "uploads/a.txt")
            let works = [
                ["snapshot", "create", "s\(round)"], ["backup", "create", "--target", "nas", "--name", "b\(round)"],
                ["snapshot", "restore", "first", "--yes"], ["target", "prune", "nas", "--grace", "0s", "--yes"],
            ]
            try kill(works[round % works.count], of: cluster, after: Int.random(in: 30...700, using: &random))
            #expect(try cluster.snapshots().contains("first"))
            #expect(try cluster.backups().contains("keep"))
            try cluster.succeed("backup", "verify", "keep", "--target", "nas", "--read-data")
            for name in try cluster.snapshots() { try cluster.succeed("snapshot", "validate", name) }
        }
        try cluster.succeed("snapshot", "restore", "first", "--yes")
        #expect(try cluster.content() == before)
        if Restic.isInstalled {
            let password = try AtomicFile.read(cluster.root + "/password").prefix { $0 != 0x0A }
            for place in ["nas", "storage"] {
                let restic = try Restic(cluster.root + "/" + place, password: String(decoding: password, as: UTF8.self))
                try restic.run("check", "--read-data", "--no-lock")
            }
        }
    }
}
