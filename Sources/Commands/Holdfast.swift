import ArgumentParser
import Model

/// The root of the commands.
struct Holdfast: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holdfast",
        abstract: "Keep a running data cluster recoverable.",
        discussion: """
            A cluster file (docs/cluster-file.md) says what is protected: databases and
            directories. Snapshots live in the cluster's own storage and undo mistakes;
            backups live in targets outside and survive the loss of the cluster.

            EXAMPLES:
              holdfast cluster init -c acme.yaml
              holdfast snapshot create before-upgrade -c acme.yaml
              holdfast snapshot restore before-upgrade -c acme.yaml
              holdfast target add nas /mnt/nas/acme -c acme.yaml
              holdfast backup create --target nas -c acme.yaml
              holdfast serve -c acme.yaml
              holdfast advise -c acme.yaml
              holdfast cluster restore BACKUP --from /mnt/nas/acme -c new.yaml

            EXIT STATUS: 0 success; 3 cluster file; 4 not found; 5 exists already;
            6 refused; 7 password; 8 locked; 9 store; 10 storage; 11 no space; 12 damaged;
            13 hook; 14 incomplete; 15 fenced; 64 wrong arguments; 130 stopped; 1 anything
            else.
            """,
        version: Program.text,
        subcommands: [
            ClusterGroup.self, SnapshotGroup.self, BackupGroup.self, TargetGroup.self, StandbyGroup.self, AdviseCommand.self,
            ServeCommand.self, StatusCommand.self, JobsGroup.self, DemoCommand.self,
        ])
}

struct ClusterGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Protect a cluster, look at it, delete it, restore it from a backup.",
        subcommands: [
            ClusterInitCommand.self, ClusterStatusCommand.self, ClusterDeleteCommand.self, ClusterForgetCommand.self,
            ClusterRestoreCommand.self, ClusterRecoverySheetCommand.self,
        ])
}

struct SnapshotGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Take snapshots of the running cluster and restore them in place.",
        subcommands: [
            SnapshotCreateCommand.self, SnapshotLsCommand.self, SnapshotShowCommand.self, SnapshotDiffCommand.self,
            SnapshotValidateCommand.self, SnapshotPinCommand.self,
            SnapshotUnpinCommand.self, SnapshotAcceptCommand.self, SnapshotExtendCommand.self, SnapshotDeleteCommand.self,
            SnapshotPruneCommand.self,
            SnapshotRestoreCommand.self, SnapshotUndoCommand.self, SnapshotPolicyGroup.self,
        ])
}

struct SnapshotPolicyGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say when snapshots are taken by themselves, and which of them stay.",
        subcommands: [
            SnapshotPolicyShowCommand.self, SnapshotPolicyUpdateCommand.self, SnapshotPolicyEnableCommand.self,
            SnapshotPolicyDisableCommand.self, SnapshotPolicySimulateCommand.self,
        ])
}

struct BackupGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Store snapshots outside the cluster, and prove that they are whole.",
        subcommands: [
            BackupCreateCommand.self, BackupLsCommand.self, BackupShowCommand.self, BackupVerifyCommand.self, BackupDrillCommand.self,
            BackupReportCommand.self, BackupAcceptCommand.self, BackupDeleteCommand.self, BackupPolicyGroup.self,
        ])
}

struct BackupPolicyGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say when backups are made by themselves, and which of them stay.",
        subcommands: [
            BackupPolicyCreateCommand.self, BackupPolicyLsCommand.self, BackupPolicyShowCommand.self, BackupPolicyUpdateCommand.self,
            BackupPolicyEnableCommand.self, BackupPolicyDisableCommand.self, BackupPolicyDeleteCommand.self,
            BackupPolicyStatusCommand.self, BackupPolicySimulateCommand.self,
        ])
}

struct JobsGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Show what was done to the cluster, how long it took, and its logs.",
        subcommands: [JobsLsCommand.self, JobsShowCommand.self], defaultSubcommand: JobsLsCommand.self)
}

struct TargetGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "target",
        abstract: "Manage the places that hold backups.",
        subcommands: [
            TargetAddCommand.self, TargetLsCommand.self, TargetAnalyzeCommand.self, TargetAcceptCommand.self, TargetPruneCommand.self,
        ])
}

struct StandbyGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "standby",
        abstract: "Keep a second cluster in sync, and make it the active one when the first fails.",
        subcommands: [
            StandbyStartCommand.self, StandbyStatusCommand.self, StandbySyncCommand.self, StandbyPromoteCommand.self,
            StandbyStopCommand.self, StandbyOverrideCommand.self,
        ])
}
