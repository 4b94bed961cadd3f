/// What is known of a cluster when somebody asks what it would survive.
package struct AdviceFacts: Hashable, Sendable {
    /// A target, as far as it can be looked at.
    package struct Target: Hashable, Sendable {
        package var name: String
        package var path = ""
        /// Why it cannot be reached; nil when it can.
        package var problem: String?
        /// Stores that lie on the same disk, or in the same HDFS.
        package var sharesDiskWith: [String]
        /// Whether it lies on a network mount, or in an HDFS.
        package var isRemote: Bool
        /// Whether it lies in the HDFS of the cluster.
        package var isInClusterHDFS: Bool
        /// As the operator says in the cluster file.
        package var isOffsite: Bool
        package var isImmutable: Bool
        /// Of the newest backup that holds all of the cluster; nil when there is none.
        package var newestFull: Timestamp?
        /// Of the newest one of any mode.
        package var newest: Timestamp?
        /// Of the newest one that holds what users have made: nothing is left out but what can be loaded again.
        package var newestKept: Timestamp?
        /// The same by the store that it holds, at the path that it has now; nil where nobody looked.
        package var newestOf: [String: Timestamp]?
        /// Since when it is in use; nil when it never was.
        package var since: Timestamp?
        /// Seconds that the newest backup may be old, what is usual included; nil when nobody asks and no policy makes any.
        package var tolerated: Double?
        package var backups: Int
        /// Cuts or runs that went well, in the time that is looked at, oldest first.
        package var runs: [Timestamp]
        /// The newest drill of a backup there.
        package var drill: DrillNote?
        /// A policy that is enabled makes backups there.
        package var hasPolicy: Bool
        /// Seconds; what those policies, or the cluster file, ask for: the strictest. Nil when nobody asks.
        package var rpo: Double?
        package var rto: Double?
        /// Hosts of standbys that are kept in sync through it.
        package var standbys: [String]

        package init(name: String) {
            self.name = name
            sharesDiskWith = []
            isRemote = false
            isInClusterHDFS = false
            isOffsite = false
            isImmutable = false
            backups = 0
            runs = []
            hasPolicy = false
            standbys = []
        }
    }

    package var now: Timestamp
    /// When the cluster came under protection; nil where nobody looked.
    package var protectedSince: Timestamp?
    package var cluster: String
    /// What names the cluster in a command: " -c acme.yaml", or nothing.
    package var suffix: String
    /// How long the history that is looked at reaches back, in seconds.
    package var window: Double
    package var isServed: Bool
    package var snapshotPolicy: SnapshotPolicy
    package var objectives = Objectives()
    /// Good ones that are there.
    package var snapshots: Int
    package var newestSnapshot: Timestamp?
    /// Snapshots that went well, in the time that is looked at, oldest first.
    package var snapshotRuns: [Timestamp]
    /// What restores of snapshots onto the running cluster took, newest last.
    package var snapshotRestores: [Double]
    /// What restores of the cluster from a backup took.
    package var clusterRestores: [Double]
    /// Stores on the disk of the storage, and those whose newest image is native, which lies with the store.
    package var storageSharesDiskWith: [String]
    package var isStorageInHDFS: Bool
    /// What stores hold that a copy of their files may tear: "uploads: app.db".
    package var databasesInUse: [String] = []
    /// Of how a restore would start what serves a store: "shop: its service starts it with pg_ctl itself: …".
    package var serviceNotes: [String] = []
    /// Names of all stores.
    package var stores: [String] = []
    /// Names of stores in an HDFS.
    package var hdfsStores: [String]
    package var targets: [Target]

    package init(now: Timestamp, cluster: String, suffix: String, snapshotPolicy: SnapshotPolicy) {
        self.now = now
        self.cluster = cluster
        self.suffix = suffix
        self.snapshotPolicy = snapshotPolicy
        window = 30 * 86_400
        isServed = false
        snapshots = 0
        snapshotRuns = []
        snapshotRestores = []
        clusterRestores = []
        storageSharesDiskWith = []
        isStorageInHDFS = false
        hdfsStores = []
        targets = []
    }
}

extension AdviceFacts {
    package var lossOfDisk: LossOfDisk {
        let all = targets.map { target in
            var found = LossOfDisk.Target(
                name: target.name, isUsable: target.problem == nil, sharesDiskWith: target.sharesDiskWith,
                newest: target.newestKept ?? target.newestFull, hasPolicy: target.hasPolicy, tolerated: target.tolerated ?? target.rpo,
                since: target.since)
            found.newestOf = target.newestOf
            return found
        }
        return LossOfDisk(
            now: now, protectedSince: protectedSince ?? now, stores: stores, targets: all,
            asked: objectives.backups.rpo.map { Double($0.seconds) })
    }
}

/// How much would be lost, as measured: the stretches without a snapshot or backup.
package struct Exposure: Hashable, Sendable, Encodable {
    /// Seconds since the newest one; nil when there is none.
    package var now: Double?
    /// The longest stretch in the time that is looked at, the one that goes on included; nil when there is none.
    package var worst: Double?
    /// How many were made in that time.
    package var runs: Int

    /// `newest`: of what is there. `runs`: of what was made, oldest first, kept or not.
    package init(newest: Timestamp?, runs: [Timestamp], at now: Timestamp) {
        self.runs = runs.count
        guard let newest else { return }
        let age = max(0, now.secondsSince(newest))
        self.now = age
        let gaps = zip(runs, runs.dropFirst()).map { $1.secondsSince($0) }
        worst = (gaps + [age]).max()
    }

    package var text: String {
        guard let now, let worst else { return "everything" }
        let compact = DurationText.compact(seconds: now)
        guard runs > 1 else { return "\(compact) now" }
        return "\(compact) now, \(DurationText.compact(seconds: worst)) at worst"
    }
}
