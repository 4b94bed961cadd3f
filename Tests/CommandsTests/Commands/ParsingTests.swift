import ArgumentParser
import Model
import Testing

@testable import Commands

@Suite struct ParsingTests {
    /// Every command, with the least arguments that it takes.
    static let commands: [([String], any HoldfastCommand.Type)] = [
        (["cluster", "init"], ClusterInitCommand.self), (["cluster", "status"], ClusterStatusCommand.self),
        (["cluster", "delete"], ClusterDeleteCommand.self), (["cluster", "forget"], ClusterForgetCommand.self),
        (["cluster", "restore", "b", "--from", "/t"], ClusterRestoreCommand.self),
        (["cluster", "recovery-sheet"], ClusterRecoverySheetCommand.self), (["snapshot", "create", "n"], SnapshotCreateCommand.self),
        (["snapshot", "ls"], SnapshotLsCommand.self), (["snapshot", "show", "n"], SnapshotShowCommand.self),
        (["snapshot", "diff", "a", "b"], SnapshotDiffCommand.self), (["snapshot", "validate", "n"], SnapshotValidateCommand.self),
        (["snapshot", "pin", "n"], SnapshotPinCommand.self), (["snapshot", "unpin", "n"], SnapshotUnpinCommand.self),
        (["snapshot", "accept", "n"], SnapshotAcceptCommand.self), (["backup", "accept", "b"], BackupAcceptCommand.self),
        (["snapshot", "extend", "n", "--by", "7d"], SnapshotExtendCommand.self),
        (["snapshot", "delete", "n", "m"], SnapshotDeleteCommand.self), (["snapshot", "prune"], SnapshotPruneCommand.self),
        (["snapshot", "restore", "n"], SnapshotRestoreCommand.self),
        (["snapshot", "undo"], SnapshotUndoCommand.self),
        (["backup", "policy", "create", "p"], BackupPolicyCreateCommand.self), (["backup", "policy", "ls"], BackupPolicyLsCommand.self),
        (["backup", "policy", "show", "p"], BackupPolicyShowCommand.self),
        (["backup", "policy", "update", "p"], BackupPolicyUpdateCommand.self),
        (["backup", "policy", "enable", "p"], BackupPolicyEnableCommand.self),
        (["backup", "policy", "disable", "p"], BackupPolicyDisableCommand.self),
        (["backup", "policy", "delete", "p"], BackupPolicyDeleteCommand.self),
        (["backup", "policy", "status", "p"], BackupPolicyStatusCommand.self),
        (["backup", "policy", "simulate"], BackupPolicySimulateCommand.self),
        (["snapshot", "policy", "show"], SnapshotPolicyShowCommand.self),
        (["snapshot", "policy", "update"], SnapshotPolicyUpdateCommand.self),
        (["snapshot", "policy", "enable"], SnapshotPolicyEnableCommand.self),
        (["snapshot", "policy", "disable"], SnapshotPolicyDisableCommand.self),
        (["snapshot", "policy", "simulate"], SnapshotPolicySimulateCommand.self), (["backup", "create"], BackupCreateCommand.self),
        (["backup", "ls"], BackupLsCommand.self), (["backup", "show", "b"], BackupShowCommand.self),
        (["backup", "verify", "b"], BackupVerifyCommand.self), (["backup", "delete", "b"], BackupDeleteCommand.self),
        (["target", "add", "nas", "/mnt/nas"], TargetAddCommand.self), (["target", "ls"], TargetLsCommand.self),
        (["backup", "drill", "b"], BackupDrillCommand.self), (["backup", "report", "b"], BackupReportCommand.self),
        (["target", "analyze", "/mnt/nas"], TargetAnalyzeCommand.self),
        (["target", "accept", "nas"], TargetAcceptCommand.self), (["target", "prune"], TargetPruneCommand.self),
        (["jobs"], JobsLsCommand.self), (["jobs", "show", "1"], JobsShowCommand.self),
        (["standby", "start", "--from", "/mnt/nas", "--cluster", "acme"], StandbyStartCommand.self),
        (["standby", "status"], StandbyStatusCommand.self), (["standby", "sync"], StandbySyncCommand.self),
        (["standby", "promote"], StandbyPromoteCommand.self), (["standby", "stop"], StandbyStopCommand.self),
        (["standby", "override", "--reason", "why"], StandbyOverrideCommand.self),
    ]

    @Test(arguments: commands.map { $0.0 }) func `every command takes a cluster file and json`(_ arguments: [String]) throws {
        let plain = try Holdfast.parseAsRoot(arguments)
        #expect((plain as? any HoldfastCommand)?.wantsJSON == false)
        let json = try Holdfast.parseAsRoot(arguments + ["-c", "acme.yaml", "--json"])
        #expect((json as? any HoldfastCommand)?.wantsJSON == true)
        let long = try Holdfast.parseAsRoot(arguments + ["--cluster-file", "acme.yaml"])
        #expect(long is any HoldfastCommand)
    }

    @Test func `every command says what it does in one sentence`() {
        for (arguments, type) in Self.commands {
            let abstract = type.configuration.abstract
            #expect(abstract.hasSuffix(".") && abstract.count <= 80, "\(arguments)")
        }
    }

    @Test func `every command has examples that parse`() throws {
        for (arguments, type) in Self.commands + [
            (["demo"], DemoCommand.self), (["serve"], ServeCommand.self), (["status"], StatusCommand.self),
            (["advise"], AdviseCommand.self),
        ] {
            let discussion = type.configuration.discussion
            #expect(discussion.contains("EXAMPLES:"), "\(arguments)")
            let examples = discussion.split(separator: "EXAMPLES:", maxSplits: 1).last ?? ""
            let joined = String(examples).replacing("\\\n", with: " ")
            let lines = joined.split(separator: "\n").map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("holdfast ") }
            for line in lines {
                let words = line.split(separator: "|")[0].replacing("\"nightly run\"", with: "nightly").split(separator: " ").dropFirst()
                let command = try Holdfast.parseAsRoot(words.map(String.init))
                #expect(Swift.type(of: command) == type, "\(line)")
            }
            #expect(!lines.isEmpty)
        }
    }

    @Test func `every command stands in the tree of commands once`() {
        let second = Holdfast.configuration.subcommands.flatMap { $0.configuration.subcommands }
        let groups = second.filter { $0.configuration.subcommands.isEmpty } + second.flatMap { $0.configuration.subcommands }
        #expect(groups.count == Self.commands.count)
        for (arguments, type) in Self.commands { #expect(groups.contains { $0 == type }, "\(arguments)") }
    }

    @Test(
        arguments: [
            ["cluster", "delete"], ["cluster", "forget"], ["cluster", "restore", "b", "--from", "/t"], ["snapshot", "delete", "n"],
            ["snapshot", "restore", "n"],
            ["snapshot", "undo"], ["backup", "delete", "b"], ["target", "prune"], ["standby", "start", "--from", "/t", "--cluster", "c"],
            ["standby", "promote"], ["standby", "stop"], ["standby", "override", "--reason", "r"],
            ["snapshot", "policy", "update", "--every", "2h"],
            ["snapshot", "policy", "disable"], ["backup", "policy", "update", "p", "--every", "2h"], ["backup", "policy", "delete", "p"],
        ])
    func `what destroys or overwrites takes yes or dry-run, and not both`(_ arguments: [String]) throws {
        _ = try Holdfast.parseAsRoot(arguments + ["--yes"])
        _ = try Holdfast.parseAsRoot(arguments + ["--dry-run"])
        #expect(throws: (any Error).self) { try Holdfast.parseAsRoot(arguments + ["--yes", "--dry-run"]) }
    }

    @Test(
        arguments: [
            ["snapshot", "create", String(repeating: "n", count: 45)], ["snapshot", "create", "a b"], ["snapshot", "create", ""],
            ["snapshot", "create", "../x"], ["snapshot", "create", "n", "--ttl", "soon"], ["snapshot", "create", "n", "--ttl", "-1d"],
            ["snapshot", "create"], ["snapshot", "extend", "n"], ["snapshot", "extend", "n", "--by", "0s"],
            ["snapshot", "diff", "a"], ["snapshot", "diff", "a", "b", "--examples", "-1"], ["snapshot", "delete"],
            ["backup", "drill"], ["backup", "report"], ["backup", "report", "b", "--file", "f"], ["target", "analyze"],
            ["target", "analyze", "/t", "--size", "1"], ["advise", "point-in-time"], ["advise", "--situation", "somehow"],
            ["backup", "policy", "create", "p", "--drill", "soon"], ["backup", "create", "--mode", "half"],
            ["backup", "create", "--name", "a/b"],
            ["backup", "verify", "b", "--read-data", "--sample", "5"], ["backup", "verify", "b", "--sample", "0"],
            ["backup", "verify", "b", "--sample", "101"], ["backup", "verify", "b", "--sample", "nan"], ["target", "add", "nas"],
            ["target", "add", "n a s", "/mnt"], ["target", "prune", "--grace", "-1s"], ["target", "prune", "--grace", "long"],
            ["cluster", "restore", "b"], ["cluster", "restore", "a/b", "--from", "/t"], ["cluster", "init", "extra"], ["clusters"],
            ["snapshot", "policy", "update", "--every", "0h"], ["snapshot", "policy", "update", "--every", "2y"],
            ["snapshot", "policy", "update", "--keep", "3"], ["snapshot", "policy", "update", "--keep", "2000@1h"],
            ["snapshot", "policy", "update", "--from", "f", "--every", "1h"], ["snapshot", "policy", "simulate", "--days", "x"],
            ["cluster", "status", "--wait", "soon"], ["cluster", "status", "--wait", "2w"], ["snapshot", "policy", "delete"],
            ["standby", "start", "--from", "/t"], ["standby", "promote", "--planned", "--at", "b"],
            ["standby", "promote", "--patience", "x"],
            ["standby", "promote", "--rehearse", "--without-fence"], ["standby", "override"], ["standby", "override", "--reason", " "],
            ["backup", "policy", "create", "a b"],
            ["backup", "policy", "create", "p", "--mode", "half"], ["backup", "policy", "show"],
        ])
    func `arguments that make no sense end with 64`(_ arguments: [String]) {
        let captured = CapturedConsole()
        #expect(captured.run(arguments) == 64)
        #expect(captured.err.contains("Error: "))
        #expect(captured.out.isEmpty)
        let program = CapturedConsole()
        #expect(program.run(arguments + ["--json"]) == 64)
        #expect(program.outLines.count == 1 && program.out.hasPrefix(#"{"error":{"code":"usage","#), "\(program.out)")
    }

    @Test(arguments: [["--help"], ["help"], [], ["cluster"], ["snapshot", "--help"], ["help", "backup", "create"], ["--version"]])
    func `asking for help is no error`(_ arguments: [String]) {
        let captured = CapturedConsole()
        #expect(captured.run(arguments) == 0)
        #expect(!captured.out.isEmpty && captured.err.isEmpty)
    }

    @Test(
        arguments: [
            (["snapshot", "crate", "n"], "holdfast snapshot create?"), (["snapshots", "ls"], "holdfast snapshot?"),
            (["cluster", "recovery-shet"], "holdfast cluster recovery-sheet?"),
        ])
    func `a command that is nearly one is suggested`(_ arguments: [String], _ suggestion: String) {
        let captured = CapturedConsole()
        #expect(captured.run(arguments) == 64)
        #expect(captured.err.contains("hint: did you mean \(suggestion)"), "\(captured.err)")
    }

    @Test func `the version is the program's`() {
        let captured = CapturedConsole()
        #expect(captured.run(["--version"]) == 0)
        #expect(captured.out == Program.text + "\n")
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func `completions are generated`(_ shell: String) {
        let captured = CapturedConsole()
        #expect(captured.run(["--generate-completion-script", shell]) == 0)
        #expect(captured.out.contains("recovery-sheet"))
    }

    @Test func `values arrive where they belong`() throws {
        let restore = try #require(
            try Holdfast.parseAsRoot(["snapshot", "restore", "n", "--store", "a", "--store", "b", "--allow-release-change"])
                as? SnapshotRestoreCommand)
        #expect(restore.stores == ["a", "b"] && restore.allowReleaseChange && !restore.consent.yes)
        let cluster = try #require(
            try Holdfast.parseAsRoot(["cluster", "restore", "b", "--from", "t", "--without", "a", "--without", "c", "--yes"])
                as? ClusterRestoreCommand)
        #expect(cluster.without == ["a", "c"] && cluster.from == "t" && cluster.consent.yes)
        let backup = try #require(
            try Holdfast.parseAsRoot(["backup", "create", "--mode", "dataless", "--target", "t", "--snapshot", "s"]) as? BackupCreateCommand
        )
        #expect(backup.mode == .dataless && backup.target.target == "t" && backup.snapshot == "s" && backup.name == nil)
    }
}
