import ArgumentParser
import Clusters
import Model

struct StatusCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say whether the cluster is looked after as it should be, and the last jobs.",
        discussion: """
            Looks at the age of the newest snapshot and backups, what the loss of a disk would
            take with it, stores that are missing or half restored, failures, disabled
            policies, room, places that cannot be reached, and whether anybody serves the
            cluster.
            --nagios prints what a monitor reads and ends with 0 (fine), 1 (warning),
            2 (critical) or 3 (unknown). holdfast cluster status shows everything, holdfast
            jobs all that was done.

            EXAMPLES:
              holdfast status -c acme.yaml
              holdfast status --nagios -c acme.yaml
            """)

    private static let lastJobs = 5

    @Flag(help: "Print and end as a plugin of Nagios or Icinga does.")
    var nagios = false

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        guard nagios else {
            let (facts, concerns) = try look(context)
            let readings = facts.readings
            let jobs = try Array(context.cluster(cluster).jobs.list().suffix(Self.lastJobs))
            context.console.finish(json: ["health": HealthResult(concerns, readings, jobs)]) { terminal in
                let aims = ObjectiveText(terminal: terminal).table(readings)
                let table = JobText(terminal: terminal, now: context.now).table(jobs)
                return ([text(concerns, terminal)] + (readings.isEmpty ? [] : ["", aims]) + (jobs.isEmpty ? [] : ["", table]))
                    .joined(separator: "\n")
            }
            return concerns.isEmpty ? .done : .flawed(.incomplete)
        }
        do {
            let (facts, concerns) = try look(context)
            context.console.out.print(NagiosText.line(facts, concerns))
            return .plugin(concerns.isEmpty ? 0 : concerns[0].severity == .critical ? 2 : 1)
        } catch {
            context.console.out.print("HOLDFAST UNKNOWN - \(printable(Failure(describing: error).summary, limit: 1500))")
            return .unknown
        }
    }

    private func look(_ context: CommandContext) throws -> (facts: HealthFacts, concerns: [Concern]) {
        let facts = try context.cluster(cluster).health()
        return (facts, facts.concerns)
    }

    private func text(_ concerns: [Concern], _ terminal: Terminal) -> String {
        if concerns.isEmpty { return "everything is as it should be" }
        return concerns.map { concern in
            let mark = terminal.paint("\(concern.severity.rawValue):", concern.severity == .critical ? .red : .yellow)
            return "\(mark) \(printable(concern.message, limit: 500))\n  \(printable(concern.remedy, limit: 500))"
        }.joined(separator: "\n")
    }
}

struct HealthResult: Encodable {
    /// A strategy against what is asked of it.
    struct Objective: Encodable {
        var strategy: ObjectiveReading.Strategy
        var policy: OrNull<String>
        /// Of the newest good one; null when there is none yet.
        var ageSeconds: OrNull<Double>
        /// The same, or since there should be one.
        var silenceSeconds: Double
        var rpoSeconds: Double
        var rpoFrom: ObjectiveReading.Origin
        /// Measured; null when it never was.
        var recoverySeconds: OrNull<Double>
        var recoveryFrom: OrNull<String>
        /// Null when nobody asks for any.
        var rtoSeconds: OrNull<Double>

        init(_ reading: ObjectiveReading) {
            strategy = reading.strategy
            policy = OrNull(reading.policy)
            ageSeconds = OrNull(reading.age)
            silenceSeconds = max(0, reading.silence)
            rpoSeconds = reading.rpo
            rpoFrom = reading.origin
            recoverySeconds = OrNull(reading.recovery?.seconds)
            recoveryFrom = OrNull(reading.recovery?.source)
            rtoSeconds = OrNull(reading.rto)
        }
    }

    var concerns: [Concern]
    var objectives: [Objective]
    /// The last ones, newest last.
    var jobs: [JobLine]

    init(_ concerns: [Concern], _ readings: [ObjectiveReading], _ jobs: [JobRecord]) {
        self.concerns = concerns
        objectives = readings.map(Objective.init)
        self.jobs = jobs.map(JobLine.init)
    }
}

/// What a plugin of Nagios prints: https://nagios-plugins.org/doc/guidelines.html.
enum NagiosText {
    static func line(_ facts: HealthFacts, _ concerns: [Concern]) -> String {
        let word = concerns.first.map { $0.severity == .critical ? "CRITICAL" : "WARNING" } ?? "OK"
        let all = concerns.isEmpty ? "snapshots and backups as they should be" : concerns.map(\.message).joined(separator: "; ")
        let clean = printable(all, limit: 1500).replacing("|", with: "/")
        return "HOLDFAST \(word) - \(clean) | \(values(facts).joined(separator: " "))"
    }

    /// With what warns and what is critical: `'backup_age_nightly'=3600s;259200;518400;0`.
    private static func values(_ facts: HealthFacts) -> [String] {
        func value(_ label: String, _ seconds: Double, _ aim: Double?) -> String {
            let shown = seconds < 10 ? "\((seconds * 10).rounded() / 10)" : "\(Int64(saturating: seconds))"
            return "'\(label)'=\(shown)s" + (aim.map { ";\(Int64(saturating: $0));\(Int64(saturating: 2 * $0));0" } ?? ";;;0")
        }
        let readings = facts.readings.flatMap { reading -> [String] in
            let name = reading.strategy.label + "_"
            let policy = reading.policy.map { "_\($0)" } ?? ""
            return [
                value("\(name)age\(policy)", max(0, reading.silence), reading.rpo),
                reading.recovery.map { value("\(name)recovery\(policy)", $0.seconds, reading.rto) },
            ].compactMap { $0 }
        }
        return readings + facts.rooms.map { "'free_\($0.name.replacing(" ", with: "_"))'=\($0.free)B;;;0;\($0.total)" }
    }
}

extension ObjectiveReading.Strategy {
    /// In names of values.
    fileprivate var label: String {
        switch self {
        case .snapshots: "snapshot"
        case .backups: "backup"
        case .drills: "drill"
        case .standby: "standby"
        }
    }
}
