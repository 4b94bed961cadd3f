/// What a standby knows of itself: `standby.json` in `state`.
package struct StandbyRecord: Hashable, Sendable, Codable {
    package static let newestFormat = 1
    /// Syncs whose cost is remembered.
    package static let samplesKept = 20

    /// A backup that is, or was, on the standby's own disk.
    package struct Point: Hashable, Sendable, Codable {
        package var name: SnapshotName
        /// Hex of the tree, which is the same in the target and here.
        package var tree: String
        /// The instant that it shows lies between these two.
        package var cutBegan: Timestamp
        package var cutEnded: Timestamp
        package var created: Timestamp
        package var bytes: UInt64

        package init(_ manifest: Manifest, tree: String) {
            name = manifest.name
            self.tree = tree
            cutBegan = manifest.cut.began
            cutEnded = manifest.cut.ended
            created = manifest.created
            bytes = manifest.bytes
        }
    }

    package struct Sample: Hashable, Sendable, Codable {
        package var at: Timestamp
        package var fetchSeconds: Double
        package var bytesFetched: UInt64
        package var applySeconds: Double
        package var bytesWritten: UInt64

        package init(at: Timestamp, fetchSeconds: Double, bytesFetched: UInt64, applySeconds: Double, bytesWritten: UInt64) {
            self.at = at
            self.fetchSeconds = fetchSeconds
            self.bytesFetched = bytesFetched
            self.applySeconds = applySeconds
            self.bytesWritten = bytesWritten
        }
    }

    /// What somebody wrote to a store of a standby; gone with the next apply.
    package struct Writes: Hashable, Sendable, Codable {
        package var store: String
        /// What differs from what was applied: entries; a database counts as one.
        package var count: Int
        /// The first few.
        package var examples: [String]
        package var seen: Timestamp

        package init(store: String, count: Int, examples: [String], seen: Timestamp) {
            self.store = store
            self.count = count
            self.examples = examples
            self.seen = seen
        }

        package var words: String {
            "somebody has written to \(store) on this standby: \(counted(count, "difference")) from what was applied"
                + (examples.isEmpty ? "" : ", such as \(printable(examples[0], limit: 120))") + "; a sync undoes it"
        }
    }

    package var format: Int
    /// Path of the target, and the id of the repository there.
    package var from: String
    package var repository: String
    /// Hex id of the key file there that the password opened last; nil before the first sync.
    package var key: String?
    package var since: Timestamp
    /// What the stores hold; nil before the first.
    package var applied: Point?
    /// By store: the time of its files when the comparison began that found it equal to what was applied. Not of one that differed.
    package var compared: [String: Timestamp]?
    /// By store: the form of the image that was applied; nil is the portable one.
    package var forms: [String: StoredForm]?
    /// What they are being made equal to: set before the first store is touched.
    package var applying: Point?
    /// The newest one that was seen in the target.
    package var newest: Point?
    /// Names of all snapshot files in the target when it was last looked into: a look at the names tells whether there is anything new.
    package var seen: [String]
    /// The newest epoch that was seen in the target; nil before the first.
    package var epoch: UInt64?
    /// What the active cluster said last.
    package var notice: ActiveNotice?
    /// Oldest first.
    package private(set) var samples: [Sample]
    package var lastSync: Timestamp?
    package var lastFailure: String?
    package var lastPrune: Timestamp?
    /// What the last rehearsal took, in seconds.
    package var rehearsed: Double?
    /// By store: what its files looked like after they were applied.
    package var seals: [String: String]
    package var promotion: Promotion?
    /// As the last sync found, before it put that right.
    package var writes: [Writes]?

    package init(from: String, repository: String, since: Timestamp) {
        format = Self.newestFormat
        self.from = from
        self.repository = repository
        self.since = since
        seen = []
        samples = []
        seals = [:]
    }

    package mutating func add(_ sample: Sample) {
        samples.append(sample)
        if samples.count > Self.samplesKept { samples.removeFirst(samples.count - Self.samplesKept) }
    }

    /// Seconds that a promotion would take now but for the hooks: a sync is finished, or the stores are looked through once.
    package var expectedPromotionSeconds: Double? {
        if let rehearsed = rehearsed, samples.isEmpty { return rehearsed }
        let isBehind = newest.map { $0.tree != applied?.tree } ?? true
        let costs = samples.map { isBehind ? $0.fetchSeconds + $0.applySeconds : $0.applySeconds }.sorted()
        return costs.isEmpty ? nil : costs[costs.count / 2]
    }

    /// When the next backup is expected, by the policies of the active cluster.
    package func nextBackup(at now: Timestamp) -> Timestamp? {
        notice?.policies.backups.filter { $0.policy.isEnabled && $0.policy.mode == .full }.map {
            $0.record.next($0.policy.schedule, at: now)
        }
        .min()
    }
}

/// The way of a standby to the active cluster. Each step is noted when it is done, so that the same command goes on after a crash.
package struct Promotion: Hashable, Sendable, Codable {
    package enum Step: String, Sendable, Codable, CaseIterable {
        /// The active cluster has made way (planned only).
        case handover
        case epoch
        /// The newest backup is here.
        case fetch
        case fence
        case apply
        /// Servers that were kept down serve.
        case start
        /// The applications run.
        case open
        case check
        /// Policies and targets are those of the active cluster.
        case takeOver = "take-over"
    }

    package struct Done: Hashable, Sendable, Codable {
        package var step: Step
        package var seconds: Double

        package init(step: Step, seconds: Double) {
            self.step = step
            self.seconds = seconds
        }
    }

    /// Of the epoch record: whose writing it was.
    package var token: String
    package var began: Timestamp
    /// A backup that was asked for; nil is the newest.
    package var at: SnapshotName?
    package var isPlanned: Bool
    /// The epoch that the plan showed, 0 for none: whoever raised another one meanwhile was first.
    package var over: UInt64
    /// The epoch that was raised; 0 when that has to wait until the target is there.
    package var epoch: UInt64?
    package var point: StandbyRecord.Point?
    package var done: [Done]
    /// Why the check command found fault; nil when it did not.
    package var fault: String?

    package init(token: String, began: Timestamp, at: SnapshotName?, isPlanned: Bool, over: UInt64) {
        self.token = token
        self.began = began
        self.at = at
        self.isPlanned = isPlanned
        self.over = over
        done = []
    }

    package func isDone(_ step: Step) -> Bool { done.contains { $0.step == step } }
}
