/// What came of a drill: a backup that was restored into a scratch place, opened there and compared with what was recorded of it.
///
/// Stands as JSON in the target, in `holdfast/drills/`; see `docs/format.md`.
package struct DrillReport: Hashable, Sendable, Codable {
    /// The newest format that this program writes and reads.
    package static let newestFormat = 1

    package enum Verdict: String, Sendable, Codable, Comparable {
        /// Everything was restored, opened and found as recorded.
        case passed
        /// Nothing is wrong with what could be tried; something could not be.
        case unproven
        case failed

        private var rank: Int {
            switch self {
            case .passed: 0
            case .unproven: 1
            case .failed: 2
            }
        }

        package static func < (left: Verdict, right: Verdict) -> Bool { left.rank < right.rank }
    }

    /// How the target was read and proven, as a restore of a cluster does first.
    package struct Verification: Hashable, Sendable, Codable {
        package var packsRead: Int
        package var bytesRead: UInt64
        package var problems: [String]
        package var seconds: Double

        package init(packsRead: Int, bytesRead: UInt64, problems: [String], seconds: Double) {
            self.packsRead = packsRead
            self.bytesRead = bytesRead
            self.problems = problems
            self.seconds = seconds
        }
    }

    package struct Store: Hashable, Sendable, Codable {
        package var name: String
        package var kind: StoreKind
        package var extent: StoreExtent
        package var verdict: Verdict
        /// Until it could be used: its RTO without what comes before.
        package var restoreSeconds: Double
        package var checkSeconds: Double
        package var bytes: UInt64
        package var proofs: [String]
        package var problems: [String]
        /// What could not be tried, and why.
        package var gaps: [String]
        /// What the image has not of its store, in words (``Completeness/words``), and line by line; nil in reports of before it was noted.
        package var holds: String?
        package var lacks: [String]?

        package init(
            name: String, kind: StoreKind, extent: StoreExtent, restoreSeconds: Double = 0, checkSeconds: Double = 0, bytes: UInt64 = 0,
            proofs: [String] = [], problems: [String], gaps: [String] = []
        ) {
            self.name = name
            self.kind = kind
            self.extent = extent
            verdict = problems.isEmpty ? gaps.isEmpty ? .passed : .unproven : .failed
            self.restoreSeconds = restoreSeconds
            self.checkSeconds = checkSeconds
            self.bytes = bytes
            self.proofs = proofs
            self.problems = problems
            self.gaps = gaps
        }

        /// Notes what the image holds. One that is not flawless is not proven to be what a restore should bring back.
        package mutating func note(_ record: StoreRecord) {
            let judgement = record.completeness
            holds = judgement.words
            let lines = judgement.lines(of: name, examples: 3)
            lacks = lines.isEmpty ? nil : lines
            if !judgement.isFlawless { verdict = max(verdict, .unproven) }
        }

        /// As lines among those of other stores.
        package var namedProblems: [String] { problems.map { "store \(name): \($0)" } }
        package var namedGaps: [String] { gaps.map { "store \(name): \($0)" } }
    }

    /// One of the operator's own.
    package struct Check: Hashable, Sendable, Codable {
        package var name: String
        package var store: String?
        package var verdict: Verdict
        /// Without what was answered, because a report is not encrypted; nil when it passed.
        package var problem: String?
        package var seconds: Double

        package init(name: String, store: String?, verdict: Verdict, problem: String?, seconds: Double) {
            self.name = name
            self.store = store
            self.verdict = verdict
            self.problem = problem
            self.seconds = seconds
        }
    }

    package var format = newestFormat
    package var program: String
    /// The host that made the drill.
    package var host: String
    package var cluster: ClusterIdentity
    package var target: String
    package var backup: SnapshotName
    /// Hex of the restic snapshot's id.
    package var backupID: String
    package var mode: BackupMode
    /// Of the state that the backup holds.
    package var cut: Timestamp
    package var began: Timestamp
    package var ended: Timestamp
    package var verification: Verification
    package var stores: [Store]
    package var checks: [Check]
    /// Of the page beside it: SHA-256 in hex.
    package var page: String
    /// HMAC-SHA256 in hex over the file, with zeros in place of its digits; see ``OpenRepository/signature(of:for:)``.
    package var signature: String

    package init(
        program: String, host: String, cluster: ClusterIdentity, target: String, backup: SnapshotName, backupID: String, mode: BackupMode,
        cut: Timestamp, began: Timestamp, ended: Timestamp, verification: Verification, stores: [Store], checks: [Check]
    ) {
        self.program = program
        self.host = host
        self.cluster = cluster
        self.target = target
        self.backup = backup
        self.backupID = backupID
        self.mode = mode
        self.cut = cut
        self.began = began
        self.ended = ended
        self.verification = verification
        self.stores = stores
        self.checks = checks
        page = Self.noDigest
        signature = Self.noDigest
    }

    /// The worst of all.
    package var verdict: Verdict {
        let parts = stores.map(\.verdict) + checks.map(\.verdict) + [verification.problems.isEmpty ? .passed : .failed]
        return parts.max() ?? .passed
    }

    /// From nothing to a cluster that can be used, as measured: the backup read and proven, then one store after the other. How long it takes to
    /// find somebody who does it is not in it.
    package var recoverySeconds: Double { stores.reduce(verification.seconds) { $0 + $1.restoreSeconds } }

    /// Lines that name what is wrong.
    package var problems: [String] {
        verification.problems.map { "backup: \($0)" } + stores.flatMap(\.namedProblems)
            + checks.compactMap { check in check.problem.map { "check \(check.name): \($0)" } }
    }

    package var gaps: [String] { stores.flatMap(\.namedGaps) }

    /// What images have not of their stores.
    package var lacks: [String] { stores.flatMap { $0.lacks ?? [] } }
}

/// What is remembered of a drill.
package struct DrillNote: Hashable, Sendable, Codable {
    package var backup: SnapshotName
    /// When it ended.
    package var time: Timestamp
    package var verdict: DrillReport.Verdict
    /// The first thing that was wrong; nil when nothing was.
    package var problem: String?
    package var recoverySeconds: Double

    package init(_ report: DrillReport) {
        backup = report.backup
        time = report.ended
        verdict = report.verdict
        problem = report.problems.first
        recoverySeconds = report.recoverySeconds
    }

    /// "passed", "FAILED".
    package var word: String { verdict == .failed ? "FAILED" : verdict.rawValue }
}
