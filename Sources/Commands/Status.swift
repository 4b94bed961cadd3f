import ArgumentParser
import Clusters
import Model

struct StatusCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say whether the cluster is looked after as it should be, and the last jobs.",
        discussion: """
            Looks at the age of the newest snapshot and backups, failures, disabled policies,
            room, places that cannot be reached, and whether anybody serves the cluster.
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
            let concerns = try look(context).concerns
            let jobs = try Array(context.cluster(cluster).jobs.list().suffix(Self.lastJobs))
            context.console.finish(json: ["health": HealthResult(concerns, jobs)]) { terminal in
                let table = JobText(terminal: terminal, now: context.now).table(jobs)
                return ([text(concerns, terminal)] + (jobs.isEmpty ? [] : ["", table])).joined(separator: "\n")
            }
            return concerns.isEmpty ? .done : .flawed(.incomplete)
        }
        do {
            let (facts, concerns) = try look(context)
            context.console.out.print(NagiosText.line(facts, concerns))
            return .plugin(concerns.isEmpty ? 0 : concerns[0].severity == .critical ? 2 : 1)
        } catch {
            context.console.out.print("HOLDFAST UNKNOWN - \(Failure(describing: error).summary)")
            return .plugin(3)
        }
    }

    private func look(_ context: CommandContext) throws -> (facts: HealthFacts, concerns: [Concern]) {
        let cluster = try context.cluster(cluster)
        let facts = try cluster.health()
        let isServed = try cluster.state.service() != nil
        let unserved = Concern(
            "unserved", .critical, "holdfast serve does not run: nothing is done by itself",
            remedy: "systemctl start holdfast@NAME, or holdfast serve")
        return (facts, (isServed ? [] : [unserved]) + facts.concerns)
    }

    private func text(_ concerns: [Concern], _ terminal: Terminal) -> String {
        if concerns.isEmpty { return "everything is as it should be" }
        return concerns.map { concern in
            let mark = terminal.paint("\(concern.severity.rawValue):", concern.severity == .critical ? .red : .yellow)
            return "\(mark) \(printable(concern.message, limit: 500))\n  \(concern.remedy)"
        }.joined(separator: "\n")
    }
}

struct HealthResult: Encodable {
    var concerns: [Concern]
    /// The last ones, newest last.
    var jobs: [JobLine]

    init(_ concerns: [Concern], _ jobs: [JobRecord]) {
        self.concerns = concerns
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

    private static func values(_ facts: HealthFacts) -> [String] {
        func age(_ label: String, _ instant: Timestamp?) -> String? {
            instant.map { "'\(label)'=\(max(0, Int64(facts.now.secondsSince($0))))s" }
        }
        return [age("snapshot_age", [facts.newestSnapshot, facts.policies.snapshotRecord.lastGood].compactMap { $0 }.max())].compactMap {
            $0
        }
            + facts.policies.backups.compactMap { age("backup_age_\($0.policy.name)", $0.record.lastGood) }
            + facts.rooms.map { "'free_\($0.name.replacing(" ", with: "_"))'=\($0.free)B;;;0;\($0.total)" }
    }
}
