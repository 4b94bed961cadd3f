/// Everything that the interface does.
enum APIOperations {
    static let all: [APIOperation] = cluster + snapshots + snapshotPolicy + targets + backups + backupPolicies + jobs

    private static let snapshot = APIField.path("snapshot", "The name of a snapshot.")
    /// Where the command takes the target as an option.
    private static let target = APIField.path("target", "The name of a target.", form: .option("--target"))
    private static let backup = APIField.path("backup", "The name of a backup, or its id.")
    private static let allClusters = APIField.query("allClusters", .flag, "Also those of other clusters in the same target.")
    private static let policy = APIField.path("policy", "The name of a backup policy.")
    private static let mode = APIType.choice(["full", "lightweight", "dataless"])

    private static let schedule: [APIField] = [
        .body("every", .period, "The period."),
        .body("offset", .period, "How long after the beginning of each period."),
        .body("keep", .rules, "What is kept: 3@2h,4@1d."),
        .body("rpo", .periodOrNone, "How old the newest good one may become before that is an alert; none: as the cluster file says."),
        .body("rto", .periodOrNone, "How long it may take until all is back before that is an alert; none: as the cluster file says."),
    ]

    private static let backupSchedule: [APIField] =
        [
            .body("target", .name, "The name of the target."), .body("mode", mode, "How much of the cluster."),
            .body(
                "verify", .text(pattern: "^(none|all|[1-9]?[0-9]%)$"),
                "How much of a new backup is read and proven before older ones go."),
            .body("drill", .periodOrNone, "How often a backup is drilled after it was made; none: never by itself."),
        ] + schedule

    private static let days = APIField.body("days", .integer(1...400), "How many days.")

    private static let cluster = [
        APIOperation(
            "getCluster", .get, "/v1/cluster", "cluster status", "The cluster, its stores, storage and targets.", gives: "cluster: Cluster"),
        APIOperation(
            "getAdvice", .get, "/v1/advice", "advise", "Which fault is covered by what, and what is missing.", gives: "advice: Advice"),
        APIOperation("getHealth", .get, "/v1/health", "status", "What is not as it should be.", gives: "health: Health"),
    ]

    private static let snapshots = [
        APIOperation(
            "listSnapshots", .get, "/v1/snapshots", "snapshot ls", "The snapshots, oldest first.",
            gives: "snapshots: [Snapshot], damaged?: [string], doubt?: Doubt"),
        APIOperation(
            "createSnapshot", .post, "/v1/snapshots", "snapshot create", "Take a snapshot.",
            [
                .body("name", .name, "Its name.", .required, form: .argument), .body("reason", .words, "Why it is taken."),
                .body("ttl", .lifetime, "How long it lives."),
            ], gives: "snapshot: SnapshotDetails"),
        APIOperation(
            "getSnapshot", .get, "/v1/snapshots/{snapshot}", "snapshot show", "A snapshot.", [snapshot], gives: "snapshot: SnapshotDetails"),
        APIOperation(
            "deleteSnapshot", .delete, "/v1/snapshots/{snapshot}", "snapshot delete", "Delete a snapshot.", [snapshot],
            gives: "deleted?: DeletedSnapshots", consent: .planned),
        APIOperation(
            "pinSnapshot", .post, "/v1/snapshots/{snapshot}/pin", "snapshot pin", "Keep a snapshot until it is unpinned.", [snapshot],
            gives: "snapshot: SnapshotDetails"),
        APIOperation(
            "unpinSnapshot", .post, "/v1/snapshots/{snapshot}/unpin", "snapshot unpin", "Let go of a pinned snapshot.", [snapshot],
            gives: "snapshot: SnapshotDetails"),
        APIOperation(
            "acceptSnapshot", .post, "/v1/snapshots/{snapshot}/accept", "snapshot accept",
            "Say that the stores are right as a snapshot shows them.", [snapshot], gives: "snapshot: SnapshotDetails"),
        APIOperation(
            "extendSnapshot", .post, "/v1/snapshots/{snapshot}/extend", "snapshot extend", "Let a snapshot live longer.",
            [snapshot, .body("by", .lifetime, "How much longer.", .required)], gives: "snapshot: SnapshotDetails"),
        APIOperation(
            "validateSnapshot", .post, "/v1/snapshots/{snapshot}/validate", "snapshot validate", "Read and prove every byte of a snapshot.",
            [snapshot], gives: "validation: Validation"),
        APIOperation(
            "restoreSnapshot", .post, "/v1/snapshots/{snapshot}/restore", "snapshot restore",
            "Bring the running cluster back to a snapshot.",
            [
                snapshot, .body("store", .list(pattern: "^[A-Za-z0-9_-]{1,44}$"), "Only these stores."),
                .body("allowReleaseChange", .flag, "Restore one of another release."),
                .body("elsewhere", .flag, "Restore onto another file system than the one that it was taken of."),
                .body("privileged", .flag, "Restore set-user-ID bits, devices, capabilities and trusted attributes as well."),
                .body("maxEntries", .integer(1...1_000_000_000_000), "Restore an image of up to so many entries."),
            ], gives: "restore?: Restore", consent: .planned),
        APIOperation(
            "compareSnapshots", .get, "/v1/snapshots/{snapshot}/diff/{other}", "snapshot diff",
            "What changed from one snapshot to another.",
            [
                snapshot, .path("other", "The snapshot to compare with."),
                .query("examples", .integer(0...1000), "How many changed entries to name a store (10)."),
            ], gives: "diff: Difference"),
        APIOperation(
            "undoRestore", .post, "/v1/undo", "snapshot undo", "Take the last restore back.",
            [
                .body("elsewhere", .flag, "Restore onto another file system than the one of before."),
                .body("privileged", .flag, "Restore set-user-ID bits, devices, capabilities and trusted attributes as well."),
                .body("maxEntries", .integer(1...1_000_000_000_000), "Restore an image of up to so many entries."),
            ], gives: "restore?: Restore", consent: .planned),
        APIOperation(
            "pruneSnapshots", .post, "/v1/prune", "snapshot prune", "Remove snapshots whose time is over, and free what nothing needs.",
            gives: "prune?: Prune", consent: .planned),
    ]

    private static let snapshotPolicy = [
        APIOperation(
            "getSnapshotPolicy", .get, "/v1/snapshot-policy", "snapshot policy show", "When snapshots are taken by themselves.",
            gives: "policy: SnapshotPolicy"),
        APIOperation(
            "updateSnapshotPolicy", .patch, "/v1/snapshot-policy", "snapshot policy update", "Change the snapshot policy.",
            schedule + [
                .body("manualWarn", .integer(1...1000), "From so many manual snapshots on, the next is warned about."),
                .body("manualRefuse", .integer(1...1000), "With so many, the next is refused."),
            ], gives: "policy?: SnapshotPolicy", consent: .planned),
        APIOperation(
            "enableSnapshotPolicy", .post, "/v1/snapshot-policy/enable", "snapshot policy enable", "Enable the snapshot policy.",
            gives: "policy: SnapshotPolicy"),
        APIOperation(
            "disableSnapshotPolicy", .post, "/v1/snapshot-policy/disable", "snapshot policy disable", "Disable the snapshot policy.",
            gives: "policy?: SnapshotPolicy", consent: .planned),
        APIOperation(
            "simulateSnapshotPolicy", .post, "/v1/snapshot-policy/simulate", "snapshot policy simulate",
            "What the policy would keep, day by day, with these changes.", schedule + [days], gives: "simulation: Simulation"),
    ]

    private static let targets = [
        APIOperation(
            "listTargets", .get, "/v1/targets", "target ls", "The targets, what they hold and how much room they have.",
            gives: "targets: [Place]"),
        APIOperation(
            "addTarget", .post, "/v1/targets", "target add", "Make a directory a place for backups.",
            [
                .body("name", .name, "Its name.", .required, form: .argument),
                .body("path", .path, "An absolute path.", .required, form: .argument),
            ], gives: "target: Target"),
        APIOperation(
            "analyzeTarget", .post, "/v1/targets/{target}/analyze", "target analyze", "Try whether a target is fit to hold backups.",
            [
                .path("target", "The name of a target."),
                .body("size", .integer(16...65_536), "Write and read so many MiB for the throughput (64)."),
            ], gives: "analysis: Analysis"),
        APIOperation(
            "acceptTarget", .post, "/v1/targets/{target}/accept", "target accept", "Say that a target is right as it is now.",
            [.path("target", "The name of a target.")], gives: "accepted?: Accepted", consent: .planned),
        APIOperation(
            "acceptStorage", .post, "/v1/storage/accept", "target accept --storage", "Say that the storage is right as it is now.",
            gives: "accepted?: Accepted", consent: .planned),
        APIOperation(
            "pruneTarget", .post, "/v1/targets/{target}/prune", "target prune", "Free the space of deleted backups.",
            [
                .path("target", "The name of a target."),
                .body("grace", .text(pattern: "^(0s|[1-9][0-9]{0,3}[mhd])$"), "Time between marking and deleting (1d)."),
            ], gives: "prune?: Prune", consent: .planned),
    ]

    private static let backups = [
        APIOperation(
            "listAllBackups", .get, "/v1/backups", "backup ls", "The backups in all targets.", [allClusters],
            gives:
                "backups: [Backup], otherClusters?: [OtherCluster], damaged?: [string], unreachable?: [UnreadTarget], doubted?: [DoubtedTarget]"
        ),
        APIOperation(
            "listBackups", .get, "/v1/targets/{target}/backups", "backup ls", "The backups in a target, oldest first.",
            [target, allClusters],
            gives:
                "backups: [Backup], otherClusters?: [OtherCluster], damaged?: [string], unreachable?: [UnreadTarget], doubted?: [DoubtedTarget]"
        ),
        APIOperation(
            "createBackup", .post, "/v1/targets/{target}/backups", "backup create", "Store a snapshot outside the cluster.",
            [
                target, .body("name", .name, "Its name (time and mode)."), .body("mode", mode, "How much of the cluster (full)."),
                .body("snapshot", .name, "The snapshot to store (a fresh one)."),
            ], gives: "backup: BackupDetails"),
        APIOperation(
            "getBackup", .get, "/v1/targets/{target}/backups/{backup}", "backup show", "A backup.", [target, backup],
            gives: "backup: BackupDetails"),
        APIOperation(
            "deleteBackup", .delete, "/v1/targets/{target}/backups/{backup}", "backup delete", "Delete a backup.",
            [
                target, backup,
                .query("confirm", .words, "The name of the cluster, where no good backup of a store would be left."),
            ],
            gives: "deleted?: DeletedBackups", consent: .planned),
        APIOperation(
            "verifyBackup", .post, "/v1/targets/{target}/backups/{backup}/verify", "backup verify", "Prove that a backup is whole.",
            [target, backup, .body("sample", .number(1...100), "Read so many percent of the data.")], gives: "verification: Verification"),
        APIOperation(
            "acceptBackup", .post, "/v1/targets/{target}/backups/{backup}/accept", "backup accept",
            "Say that the stores are right as a backup shows them.", [target, backup], gives: "backup: BackupDetails"),
        APIOperation(
            "drillBackup", .post, "/v1/targets/{target}/backups/{backup}/drill", "backup drill",
            "Restore a backup into a scratch place and check it there.", [target, backup], gives: "drill: Drill"),
        APIOperation(
            "getDrillReport", .get, "/v1/targets/{target}/backups/{backup}/report", "backup report",
            "The report of the last drill of a backup, its signature checked.", [target, backup], gives: "report: FoundReport"),
    ]

    private static let backupPolicies = [
        APIOperation(
            "listBackupPolicies", .get, "/v1/backup-policies", "backup policy ls", "The backup policies.", gives: "policies: [BackupPolicy]"
        ),
        APIOperation(
            "createBackupPolicy", .post, "/v1/backup-policies", "backup policy create", "Let backups be made by themselves.",
            [.body("name", .text(pattern: "^[A-Za-z0-9_-]{1,28}$"), "Its name.", .required, form: .argument)]
                + backupSchedule.map { field in
                    var field = field
                    if ["every", "keep", "target"].contains(field.name) { field.isRequired = .required }
                    return field
                }, gives: "policy: BackupPolicy"),
        APIOperation(
            "getBackupPolicy", .get, "/v1/backup-policies/{policy}", "backup policy show", "A backup policy.", [policy],
            gives: "policy: BackupPolicy"),
        APIOperation(
            "updateBackupPolicy", .patch, "/v1/backup-policies/{policy}", "backup policy update", "Change a backup policy.",
            [policy] + backupSchedule, gives: "policy?: BackupPolicy", consent: .planned),
        APIOperation(
            "deleteBackupPolicy", .delete, "/v1/backup-policies/{policy}", "backup policy delete",
            "Delete a backup policy; its backups stay.",
            [policy], gives: "deleted?: DeletedPolicy", consent: .planned),
        APIOperation(
            "enableBackupPolicy", .post, "/v1/backup-policies/{policy}/enable", "backup policy enable", "Enable a backup policy.", [policy],
            gives: "policy: BackupPolicy"),
        APIOperation(
            "disableBackupPolicy", .post, "/v1/backup-policies/{policy}/disable", "backup policy disable", "Disable a backup policy.",
            [policy],
            gives: "policy: BackupPolicy"),
        APIOperation(
            "getBackupPolicyStatus", .get, "/v1/backup-policies/{policy}/status", "backup policy status",
            "What became of the runs of a backup policy.", [policy], gives: "status: BackupPolicyStatus"),
        APIOperation(
            "simulateBackupPolicy", .post, "/v1/backup-policies/{policy}/simulate", "backup policy simulate",
            "What a policy would keep, day by day, with these changes.", [policy] + backupSchedule + [days], gives: "simulation: Simulation"
        ),
    ]

    private static let jobs = [
        APIOperation(
            "listJobs", .get, "/v1/jobs", "jobs ls", "What was done to the cluster, newest last.",
            [
                .query("last", .integer(1...1000), "Show so many (20)."),
                .query("failed", .flag, "Only those that were not done as they should."),
            ], gives: "jobs: [Job]"),
        APIOperation(
            "getJob", .get, "/v1/jobs/{number}", "jobs show", "A job and its log.",
            [.path("number", "The number of the job.", .integer(1...1_000_000_000))], gives: "job: JobDetails"),
    ]
}
