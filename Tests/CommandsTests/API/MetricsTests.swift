@testable import Commands
import Model
import Testing

/// Ages that alerts can rely on.
@Suite struct MetricsTests {
    private let now = Timestamp(seconds: 1_795_456_200)

    private func facts(_ seconds: Int64, _ change: (inout HealthFacts) throws -> Void = { _ in }) throws -> HealthFacts {
        var facts = HealthFacts(now: now.adding(seconds: seconds), protectedSince: now.adding(seconds: -86_400), policies: Policies())
        try facts.policies.add(PolicyChange(every: "1h", keep: "7@1d").backupPolicy(named: "nightly", target: "nas"), at: now)
        try change(&facts)
        return facts
    }

    private func value(_ name: String, _ facts: HealthFacts) -> Double? {
        let line = MetricsText.text(facts).split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    private let age = "holdfast_backup_age_seconds{policy=\"nightly\"}"
    private let objective = "holdfast_objective_age_seconds{strategy=\"backups\",policy=\"nightly\"}"
    private let succeeded = "holdfast_policy_succeeded{policy=\"nightly\"}"

    @Test func `a policy that never succeeded has an age from its first second, which grows until it does, and goes with it`() throws {
        for seconds in [0, 30, 7200] as [Int64] {
            let seen = try facts(seconds)
            #expect(value(age, seen) == Double(seconds) && value(objective, seen) == Double(seconds) && value(succeeded, seen) == 0)
        }
        #expect(value("holdfast_snapshot_age_seconds", try facts(30)) == 86_430)
        let good = try facts(7200) { $0.policies[record: "nightly"].lastGood = now.adding(seconds: 7000) }
        #expect(value(age, good) == 200 && value(succeeded, good) == 1)
        #expect(try value(age, facts(30) { $0.policies.disable(.backup("nightly")) }) == nil)
        let gone = try facts(30) { try $0.policies.removeBackup(named: "nightly") }
        #expect(!MetricsText.text(gone).contains("nightly"))
    }

    @Test func `a change of its times does not make a policy that never succeeded young again`() throws {
        var record = PolicyRecord()
        let schedule = try facts(0).policies.backups[0].policy.schedule
        record.begin(schedule, at: now)
        record.goOn(schedule, at: now.adding(seconds: 500))
        #expect(record.begun == now)
        record.lastGood = now
        record.goOn(schedule, at: now.adding(seconds: 900))
        #expect(record.begun == now.adding(seconds: 900))
    }

    @Test func `the plugin for monitors gives that age, too`() throws {
        let seen = try facts(30)
        #expect(NagiosText.line(seen, seen.concerns).contains("'backup_age_nightly'=30s;"), "\(NagiosText.line(seen, seen.concerns))")
    }
}
