/// Whether a directory is fit to hold backups, found by trying.
package struct TargetAnalysis: Hashable, Sendable, Encodable {
    package enum Verdict: String, Sendable, Encodable, Comparable {
        case good, usable, unfit

        private var rank: Int {
            switch self {
            case .good: 0
            case .usable: 1
            case .unfit: 2
            }
        }

        package static func < (left: Verdict, right: Verdict) -> Bool { left.rank < right.rank }
    }

    /// One thing that was tried.
    package struct Finding: Hashable, Sendable, Encodable {
        /// "atomic rename".
        package var probe: String
        package var verdict: Verdict
        package var message: String
        /// What to do; nil where there is nothing to do.
        package var remedy: String?

        package init(_ probe: String, _ verdict: Verdict, _ message: String, remedy: String? = nil) {
            self.probe = probe
            self.verdict = verdict
            self.message = message
            self.remedy = remedy
        }
    }

    /// Absolute.
    package var path: String
    /// In the order in which they were tried.
    package var findings: [Finding]
    package var seconds: Double

    package init(path: String, findings: [Finding], seconds: Double) {
        self.path = path
        self.findings = findings
        self.seconds = seconds
    }

    /// The worst of all.
    package var verdict: Verdict { findings.map(\.verdict).max() ?? .unfit }

    private enum CodingKeys: CodingKey { case path, verdict, findings, seconds }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(path, forKey: .path)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(findings, forKey: .findings)
        try container.encode(seconds, forKey: .seconds)
    }
}

/// What was measured, and what that means: without a disk.
package enum TargetJudgement {
    package typealias Finding = TargetAnalysis.Finding

    /// Below these a target is worth a warning.
    static let fewBytes: UInt64 = 10 << 30
    static let fewPercent: UInt64 = 10
    static let fewFiles: UInt64 = 100_000
    /// Bytes a second.
    static let slow = 20e6
    static let verySlow = 1e6
    /// Seconds. Locks of hosts that share a target go stale after half an hour.
    static let clockWarning = 10.0
    static let clockLimit = 1500.0
    /// Seconds: no disk and no network answers so fast.
    static let incredibleSync = 20e-6

    package static func space(free: UInt64, total: UInt64) -> Finding {
        let percent = Int(Double(free) / Double(max(total, 1)) * 100)
        let message = "\(ByteCount(free)) free of \(ByteCount(total)), \(percent) %"
        guard free >= 64 << 20 else { return Finding("free space", .unfit, message, remedy: "free space there, or choose another place") }
        let isLittle = free < fewBytes || UInt64(percent) < fewPercent
        return Finding(
            "free space", isLittle ? .usable : .good, message, remedy: isLittle ? "see that it holds what your policies keep" : nil)
    }

    /// `total` is 0 where files are not counted.
    package static func files(free: UInt64, total: UInt64) -> Finding {
        guard total > 0 else { return Finding("free inodes", .good, "files are not limited in number") }
        let isFew = free < fewFiles
        return Finding(
            "free inodes", free < 1000 ? .unfit : isFew ? .usable : .good, "room for \(grouped(free)) more files of \(grouped(total))",
            remedy: isFew ? "a target has a few hundred files and one for each 16 MB: make the file system with more inodes" : nil)
    }

    /// `lacks`: what the file system refused, with its reason.
    package static func permissions(isOpen: Bool, lacks: [String]) -> Finding {
        let refused = lacks.joined(separator: ", ")
        guard isOpen else {
            guard !lacks.isEmpty else { return Finding("permissions", .good, "files can be closed to others") }
            return Finding(
                "permissions", .usable, "files are closed to others, but \(refused)",
                remedy: "backups do without; what is made there has the owner and mode that the mount or its server decides on")
        }
        return Finding(
            "permissions", .usable,
            "files stay open to others: the mount or its server decides on permissions" + (lacks.isEmpty ? "" : "; \(refused)"),
            remedy: "what lies in a target is encrypted, but may be deleted by who may write: set uid, gid and umask of the mount")
    }

    /// `difference`: seconds by which the clock behind the directory is ahead.
    package static func clock(_ difference: Double) -> Finding {
        let size = abs(difference)
        let message = "the clock of its file times is \(DurationText.spoken(seconds: size)) \(difference < 0 ? "behind" : "ahead")"
        guard size > clockWarning else {
            return Finding("clock", .good, size < 2 ? "its file times agree with this host's clock" : message)
        }
        return Finding(
            "clock", size > clockLimit ? .unfit : .usable, message,
            remedy: "let both hosts follow a time server: hosts that share a target must agree within half an hour")
    }

    /// `writing`, `reading`: bytes a second, of files of 16 MiB, each synced.
    package static func throughput(writing: Double, reading: Double) -> Finding {
        func text(_ rate: Double) -> String { "\(ByteCount(UInt64(max(0, rate))))/s" }
        let slowest = min(writing, reading)
        let hours = 1e12 / max(slowest, 1) / 3600
        let message = "writes \(text(writing)), reads \(text(reading)): 1 TB takes \(DurationText.spoken(seconds: hours * 3600))"
        return Finding(
            "throughput", slowest < verySlow ? .unfit : slowest < slow ? .usable : .good, message,
            remedy: slowest < slow ? "look at the network and the server's disks; or back up less, with --mode lightweight" : nil)
    }

    /// Seconds for a small file that is made, synced and renamed, and for its sync alone; medians.
    package static func latency(_ seconds: Double) -> Finding {
        Finding(
            "latency", seconds > 0.5 ? .usable : .good,
            "a small file is made, synced and renamed in \(DurationText.spoken(seconds: seconds))",
            remedy: seconds > 0.5 ? "look at the way there: a backup makes a few dozen such files, one after the other" : nil)
    }

    package static func sync(_ seconds: Double, isInMemory: Bool) -> Finding {
        if isInMemory {
            return Finding("fsync", .unfit, "it lies in memory: gone when this host stops", remedy: "choose a disk or a share")
        }
        let microseconds = Int((seconds * 1e6).rounded())
        guard seconds < incredibleSync else {
            return Finding("fsync", .good, "a sync takes \(DurationText.spoken(seconds: seconds)), as one that reaches a disk may")
        }
        return Finding(
            "fsync", .usable, "a sync takes \(microseconds) µs: faster than a disk, so it may not reach one",
            remedy: "see that nothing in between ignores fsync (mount option nobarrier, sync=disabled, a cache without a battery)")
    }
}
