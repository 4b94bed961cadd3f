import Clusters
import Model

/// Metrics in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). docs/api.md lists them.
enum MetricsText {
    static func text(_ facts: HealthFacts) -> String {
        var text = Exposition()
        text.add("holdfast_info", "The program.", [([("version", Program.version)], 1)])
        let concerns = facts.concerns
        text.add(
            "holdfast_concerns", "What is not as it should be.",
            Concern.Severity.allCases.map { severity in
                ([("severity", severity.rawValue)], Double(concerns.count { $0.severity == severity }))
            })
        let backups = facts.policies.backups
        let ages = PolicyAges(facts)
        text.add("holdfast_snapshot_age_seconds", "Of the newest good snapshot.", ages.snapshots.map { [([], $0)] } ?? [])
        text.add(
            "holdfast_backup_age_seconds", "Of the newest good backup of a policy.",
            backups.compactMap { backup in ages.backups[backup.policy.name].map { (labels(backup), $0) } })
        text.add(
            "holdfast_policy_succeeded",
            "0 until the first good run of an enabled policy; its age is counted from its beginning till then.",
            ages.succeeded.map { ([("policy", $0.policy)], $0.succeeded ? 1 : 0) })
        let drills = backups.compactMap { backup in backup.record.lastDrill.map { (labels(backup), $0) } }
        text.add("holdfast_drill_age_seconds", "Of the last drill of a backup of a policy.", drills.map { ($0.0, age($0.1.time, facts)) })
        text.add(
            "holdfast_drill_passed", "0 when the last drill found something wrong.", drills.map { ($0.0, $0.1.verdict == .failed ? 0 : 1) })
        text.add(
            "holdfast_drill_recovery_seconds", "Until all stores could be used, in the last drill.",
            drills.map { ($0.0, $0.1.recoverySeconds) })
        let readings = facts.readings.map { reading in
            ([("strategy", reading.strategy.rawValue)] + (reading.policy.map { [("policy", $0)] } ?? []), reading)
        }
        text.add(
            "holdfast_objective_age_seconds", "Of the newest good one of a strategy.",
            readings.map { ($0.0, max(0, $0.1.silence)) })
        text.add("holdfast_rpo_seconds", "What that may be at most.", readings.map { ($0.0, $0.1.rpo) })
        text.add(
            "holdfast_recovery_seconds", "Until all could be used, as measured last.",
            readings.compactMap { reading in reading.1.recovery.map { (reading.0, $0.seconds) } })
        text.add(
            "holdfast_rto_seconds", "What that may be at most.",
            readings.compactMap { reading in reading.1.rto.map { (reading.0, $0) } })
        let records = [([("policy", "snapshots")], facts.policies.snapshotRecord)] + backups.map { (labels($0), $0.record) }
        let enabled = [facts.policies.snapshot.isEnabled] + backups.map(\.policy.isEnabled)
        text.add("holdfast_policy_enabled", "1 when it is.", zip(records, enabled).map { ($0.0, $1 ? 1 : 0) })
        text.add(
            "holdfast_policy_failures", "Tries that failed since the last run that did not.",
            records.map { ($0.0, Double($0.1.state.failures)) })
        text.add(
            "holdfast_policy_missed_runs_total", "Slots that had no run.", records.map { ($0.0, Double($0.1.missed)) }, type: "counter")
        text.add(
            "holdfast_policy_entries", "Snapshots or backups of it that are there.", records.map { ($0.0, Double($0.1.arrivals.count)) })
        text.add(
            "holdfast_run_seconds", "What the last good run took.",
            records.compactMap { record in record.1.samples.last.map { (record.0, $0.seconds) } })
        text.add(
            "holdfast_run_bytes_added", "What the last good run added.",
            records.compactMap { record in record.1.samples.last.map { (record.0, Double($0.bytesAdded)) } })
        text.add(
            "holdfast_place_free_bytes", "Room in the storage or a target.", facts.rooms.map { ([("place", $0.name)], Double($0.free)) })
        text.add(
            "holdfast_place_total_bytes", "Size of the storage or a target.", facts.rooms.map { ([("place", $0.name)], Double($0.total)) })
        let places = facts.rooms.map { ($0.name, 1.0) } + facts.troubles.keys.sorted().map { ($0, 0.0) }
        text.add("holdfast_place_reachable", "0 when it cannot be reached.", places.map { ([("place", $0.0)], $0.1) })
        return text.text
    }

    private static func labels(_ backup: Policies.Backup) -> [(String, String)] { [("policy", backup.policy.name)] }

    private static func age(_ instant: Timestamp, _ facts: HealthFacts) -> Double { max(0, facts.now.secondsSince(instant)) }
}

/// How old the newest good entry of each policy is. Of an enabled one that never had any, how long it has been without: an alert on an age comes for what
/// never succeeded, too.
private struct PolicyAges {
    var snapshots: Double?
    /// By name.
    var backups: [String: Double] = [:]
    /// Of those that are enabled.
    var succeeded: [(policy: String, succeeded: Bool)] = []

    init(_ facts: HealthFacts) {
        func age(_ instant: Timestamp) -> Double { max(0, facts.now.secondsSince(instant)) }
        snapshots = [facts.newestSnapshot, facts.policies.snapshotRecord.lastGood].compactMap { $0 }.max().map(age)
        for backup in facts.policies.backups { backups[backup.policy.name] = backup.record.lastGood.map(age) }
        for reading in facts.readings {
            switch (reading.strategy, reading.policy) {
            case (.snapshots, _):
                snapshots = snapshots ?? max(0, reading.silence)
                succeeded.append(("snapshots", reading.age != nil))
            case (.backups, let name?):
                backups[name] = backups[name] ?? max(0, reading.silence)
                succeeded.append((name, reading.age != nil))
            default: continue
            }
        }
    }
}

private struct Exposition {
    private(set) var text = ""

    /// Nothing for no samples.
    mutating func add(_ name: String, _ help: String, _ samples: [(labels: [(String, String)], value: Double)], type: String = "gauge") {
        guard !samples.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for sample in samples {
            let labels = sample.labels.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",")
            text += name + (labels.isEmpty ? "" : "{\(labels)}") + " \(sample.value)\n"
        }
    }

    private func escaped(_ text: String) -> String {
        Visible.line(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
