import Model
import Testing

@Suite struct AgendaTests {
    private let now = Timestamp(seconds: 1_795_305_600)

    private func policies() throws -> Policies {
        var policies = Policies()
        policies.snapshotRecord.begin(policies.snapshot.schedule, at: now)
        try policies.add(PolicyChange(every: "1d", offset: "2h", keep: "7@1d").backupPolicy(named: "nightly", target: "nas"), at: now)
        try policies.add(PolicyChange(every: "2h", keep: "2@2h").backupPolicy(named: "often", target: "nas"), at: now)
        return policies
    }

    @Test func `the oldest slot runs first, snapshots before backups, and the next instant is known`() throws {
        var policies = try policies()
        let (none, next) = policies.agenda(at: now.adding(seconds: 60)) { _ in nil }
        #expect(none == nil && next == now.adding(seconds: 3600))
        let late = now.adding(seconds: 2 * 3600 + 5)
        var order: [PolicyID] = []
        while let due = policies.agenda(at: late, elapsed: { _ in nil }).due {
            order.append(due.policy)
            policies[record: due.policy.backupName].ended(slot: due.slot, missed: due.missed, at: late, failure: nil)
        }
        #expect(order == [.snapshots, .backup("nightly"), .backup("often")])
        #expect(policies.snapshotRecord.missed == 1)
    }

    @Test(arguments: [1, 2, 3])
    func `a policy whose runs take longer than its period keeps no other from its turn`(every: Int) throws {
        var policies = Policies()
        policies.snapshot = try PolicyChange(every: "1s", keep: "3@1s").applied(to: .standard)
        policies.snapshotRecord.begin(policies.snapshot.schedule, at: now)
        for name in ["a", "b"] {
            try policies.add(PolicyChange(every: "\(every)s", keep: "2@\(every)s").backupPolicy(named: name, target: "nas"), at: now)
        }
        var runs: [PolicyID: Int] = [:]
        for turn in 1...60 {
            let time = now.adding(seconds: Int64(turn) * 4)
            let due = try #require(policies.agenda(at: time, elapsed: { _ in nil }).due)
            runs[due.policy, default: 0] += 1
            policies[record: due.policy.backupName].ended(slot: due.slot, missed: due.missed, at: time, failure: nil)
        }
        #expect(runs.count == 3 && runs.values.allSatisfy { $0 >= 15 }, "\(runs)")
    }

    @Test func `what is disabled is never due`() throws {
        var policies = try policies()
        for policy in [PolicyID.snapshots, .backup("nightly"), .backup("often")] { policies.disable(policy) }
        let (due, next) = policies.agenda(at: now.adding(seconds: 1_000_000)) { _ in 1_000_000 }
        #expect(due == nil && next == nil)
    }

    @Test func `states are settled for all policies`() throws {
        let policies = try policies()
        #expect(policies.settled(at: now) == policies)
        let past = now.adding(seconds: -40 * 86_400)
        let settled = policies.settled(at: past)
        #expect(settled != policies && settled.settled(at: past) == settled)
        #expect(try #require(settled.agenda(at: past, elapsed: { _ in nil }).next) <= past.adding(seconds: 3600))
    }
}
