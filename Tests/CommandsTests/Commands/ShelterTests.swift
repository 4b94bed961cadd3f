import Model
import Testing

@testable import Commands

@Suite struct ShelterTests {
    let now = Timestamp(seconds: 1_700_000_000)

    private func event(_ command: String, _ outcome: String, daysAgo: Int64) -> HistoryEvent {
        HistoryEvent(time: now.adding(seconds: -daysAgo * 86_400), command: command, outcome: outcome, seconds: 1)
    }

    @Test func `a recent backup needs no warning`() {
        let history = [event("backup create b --target nas --mode full", "ok", daysAgo: 3)]
        #expect(ShelteredBy(hasTarget: true, history: history, now: now).warning == nil)
    }

    @Test func `no target, no backup and an old backup are told apart`() {
        #expect(ShelteredBy(hasTarget: false, history: [], now: now).warning?.contains("no target") == true)
        #expect(ShelteredBy(hasTarget: true, history: [], now: now).warning?.contains("no backup yet") == true)
        let old = [event("backup create b --target nas --mode full", "ok", daysAgo: 8)]
        #expect(ShelteredBy(hasTarget: true, history: old, now: now).warning?.contains("8 days old") == true)
    }

    @Test func `a backup that failed is none`() {
        let history = [event("backup create b", "storage", daysAgo: 1), event("snapshot create s", "ok", daysAgo: 0)]
        #expect(ShelteredBy(hasTarget: true, history: history, now: now).warning?.contains("no backup yet") == true)
    }
}
