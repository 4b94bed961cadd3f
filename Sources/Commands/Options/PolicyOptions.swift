import ArgumentParser
import HostIO
import Model

/// What a schedule and its retention are said with.
struct ScheduleOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The period: 15m, 2h, 1d, 1w.", valueName: "time"))
    var every: String?

    @Option(help: ArgumentHelp("How long after the beginning of each period, counted from Sunday midnight UTC.", valueName: "time"))
    var offset: String?

    @Option(help: ArgumentHelp("What is kept: 3@2h,4@1d keeps one of each of the newest 3 times 2 hours and 4 days.", valueName: "rules"))
    var keep: String?

    @Option(
        help: ArgumentHelp(
            "How old the newest good one may become before that is an alert: 3h, or none for what the cluster file says, else 3 periods.",
            valueName: "time"))
    var rpo: String?

    @Option(
        help: ArgumentHelp(
            "How long it may take until all is back before that is an alert: 30m, or none for what the cluster file says.",
            valueName: "time"))
    var rto: String?

    @Option(help: ArgumentHelp("Read all that from a YAML file, as show --yaml writes it.", valueName: "file"), completion: .file())
    var from: String?

    func validate() throws {
        if from != nil, every != nil || offset != nil || keep != nil || rpo != nil || rto != nil {
            throw ValidationError("--from and --every, --offset, --keep, --rpo or --rto contradict each other; say all of it in one place")
        }
        try validating { () throws(Failure) in
            if let every { _ = try Schedule(every: every) }
            if let rpo, rpo != "none" { _ = try Period(rpo, for: "rpo") }
            if let rto, rto != "none" { _ = try Period(rto, for: "rto") }
            if let keep { _ = try KeepRules(keep, most: BackupPolicy.mostKept) }
        }
    }

    /// Empty when nothing was said. Throws `usage` for a file that cannot be read.
    func change(of kind: ManifestKind, in context: CommandContext) throws -> PolicyChange {
        guard let from else {
            var change = PolicyChange(every: every, offset: offset, keep: keep, objective: rpo)
            change.recoveryObjective = rto
            return change
        }
        let path = context.absolute(from)
        let bytes: [UInt8]
        do { bytes = try AtomicFile.read(path, limit: 1 << 20) } catch {
            throw Failure(
                .usage, "the policy file \(path) cannot be read", hint: "name a file that show --yaml wrote",
                cause: Failure(describing: error).summary)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.usage, "\(path) is not UTF-8 text", hint: "save it as UTF-8")
        }
        return try PolicyChange(parsing: text, at: path, of: kind)
    }
}

/// The limits of manual snapshots, which stand in the snapshot policy.
struct ManualLimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("From so many manual snapshots on, snapshot create warns (15).", valueName: "count"))
    var manualWarn: Int?

    @Option(help: ArgumentHelp("With so many manual snapshots that are not pinned, snapshot create refuses (20).", valueName: "count"))
    var manualRefuse: Int?

    func add(to change: inout PolicyChange) {
        change.manualWarning = manualWarn ?? change.manualWarning
        change.manualRefusal = manualRefuse ?? change.manualRefusal
    }
}
