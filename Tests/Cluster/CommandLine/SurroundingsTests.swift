import Glibc
import HostIO
import TestSupport
import Testing

/// The built program in surroundings that whoever starts it has left poor, odd or broken.
@Suite(.timeLimit(.minutes(5))) struct SurroundingsTests {
    /// Runs a line of the shell in which `$H` is the program and `$C` the cluster file.
    private func shell(_ line: String, _ cluster: SampleCluster, in folder: String? = nil) throws -> ChildProcess.Outcome {
        var environment = ChildProcess.minimalEnvironment
        environment["H"] = HoldfastProgram.path
        environment["C"] = cluster.file
        return try ChildProcess(
            ["/bin/bash", "-c", line], environment: environment, workingDirectory: folder ?? cluster.root, timeout: .seconds(120)
        ).run()
    }

    private func ready() throws -> SampleCluster {
        let cluster = try SampleCluster()
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("snapshot", "create", "s1")
        return cluster
    }

    static let readers = [
        "snapshot ls -c $C", "snapshot ls --json -c $C", "cluster status -c $C", "status --json -c $C", "jobs -c $C", "--help",
        "snapshot --help",
        "--version", "--generate-completion-script bash",
    ]

    @Test func `a result that does not fit the output is told on the other stream, with 10`() throws {
        let cluster = try ready()
        for command in Self.readers {
            let plain = try shell("$H \(command)", cluster)
            let full = try shell("$H \(command) >/dev/full", cluster)
            #expect(full.ending == .exited(plain.ending == .exited(14) ? 14 : 10), "\(command): \(full)")
            #expect(full.errorText.contains("could not be written") && full.errorText.contains("No space left"), "\(full.errorText)")
        }
    }

    @Test func `a command whose result is lost has done its work, and one that fails keeps its own status`() throws {
        let cluster = try ready()
        let made = try shell("$H snapshot create s2 -c $C --json >/dev/full", cluster)
        #expect(made.ending == .exited(10) && made.errorText.contains("is done"), "\(made)")
        #expect(try cluster.snapshots() == ["s1", "s2"])
        let failed = try shell("$H snapshot show none -c $C --json >/dev/full", cluster)
        #expect(failed.ending == .exited(4), "\(failed)")
        let plugin = try shell("$H status --nagios -c $C >/dev/full; echo $? >&2", cluster)
        #expect(["1", "2", "3"].contains(plugin.errorText.split(separator: "\n").last ?? ""), "\(plugin)")
    }

    @Test func `a reader that goes away, and an error stream that is full, change nothing`() throws {
        let cluster = try ready()
        let head = try shell("set -o pipefail; { $H snapshot ls -c $C; echo $? >status; } | true; cat status", cluster)
        #expect(head.outputText == "0\n" && head.errorText.isEmpty, "\(head)")
        #expect(try shell("$H snapshot create s2 -c $C 2>/dev/full", cluster).succeeded)
        #expect(try shell("$H snapshot show none -c $C 2>/dev/full", cluster).ending == .exited(4))
    }

    @Test(arguments: ["<&-", ">&- 2>&-", "<&- >&- 2>&-"])
    func `streams that are closed at the start hit no file that is opened`(_ closed: String) throws {
        let cluster = try ready()
        for command in ["snapshot create s2", "backup create --name b", "snapshot ls", "snapshot restore s1 --yes"] {
            let outcome = try shell("$H \(command) -c $C \(closed)", cluster)
            #expect(outcome.ending == .exited(0), "\(command): \(outcome)")
        }
        for name in ["s1", "s2"] { try cluster.succeed("snapshot", "validate", name) }
        try cluster.succeed("backup", "verify", "b", "--read-data")
        // Nobody can be asked.
        #expect(try shell("$H snapshot delete s2 -c $C \(closed)", cluster).ending == .exited(6))
    }

    @Test(arguments: ["777", "027"])
    func `what is made has the documented modes whatever the umask, and so has what a hook makes`(_ umask: String) throws {
        var options = SampleCluster.Options()
        options.more = "quiesce: {begin: touch hooked, end: \"true\"}"
        let cluster = try SampleCluster(options)
        let commands = [
            "cluster init", "target add nas $PWD/nas", "snapshot create s1", "backup create --name b1", "backup drill b1", "serve --once",
            "snapshot restore s1 --yes", "status",
        ]
        for command in commands {
            let outcome = try shell("(umask \(umask); exec env -i $H \(command) -c $C)", cluster)
            #expect([.exited(0), .exited(14)].contains(outcome.ending), "\(command): \(outcome)")
        }
        let found = try shell("find nas storage state -type d ! -perm 700 -o -type f ! -perm 600 ! -perm 400", cluster).outputText
        #expect(found.isEmpty, "\(found)")
        let hooked = try shell("stat -c %a hooked", cluster).outputText
        #expect(hooked == ["777": "0\n", "027": "640\n"][umask], "\(hooked)")
    }

    @Test func `a repository for a group stays one under a closed umask`() throws {
        let cluster = try ready()
        _ = try shell("chmod 750 nas; chmod 440 nas/config", cluster)
        #expect(try shell("umask 077; $H backup create --name b1 -c $C", cluster).succeeded)
        let found = try shell(
            "find nas/data nas/snapshots nas/index -newer nas/config -type f ! -perm 440 -o -newer nas/config -type d -name '??' ! -perm 750",
            cluster)
        #expect(found.outputText.isEmpty, "\(found.outputText)")
    }

    @Test func `no environment, no locale, no working directory: all works, and names are printed as they are`() throws {
        let cluster = try SampleCluster()
        try cluster.put([1], at: "uploads/é")
        try makeDirectories(cluster.root + "/gone")
        for command in [
            "cluster init", "target add nas \(cluster.root)/nas", "snapshot create s1", "backup create --name b1", "snapshot ls",
        ] {
            let outcome = try shell(
                "cd gone && rmdir ../gone && env -i $H \(command) -c $C; e=$?; mkdir \(cluster.root)/gone; exit $e", cluster)
            #expect(outcome.succeeded, "\(command): \(outcome)")
        }
        try cluster.put([2], at: "uploads/é")
        let diff = try shell("env -i $H snapshot create s2 -c $C >/dev/null; env -i $H snapshot diff s1 s2 -c $C", cluster, in: "/")
        #expect(diff.outputText.contains("é"), "\(diff)")
    }

    @Test func `few descriptors are raised as far as allowed, and enough where no more are`() throws {
        let cluster = try ready()
        #expect(try shell("ulimit -S -n 32; $H backup create --name b1 -c $C && $H backup drill b1 -c $C", cluster).succeeded)
        let hard = try shell("ulimit -n 48; $H backup create --name b2 -c $C && $H backup verify b2 --read-data -c $C", cluster)
        #expect(hard.succeeded, "\(hard)")
    }
}
