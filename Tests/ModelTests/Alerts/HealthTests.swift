import Model
import TestSupport
import Testing

@Suite struct HealthTests {
    private let now = Timestamp(seconds: 1_795_456_200)

    private func ago(_ seconds: Int64) -> Timestamp { now.adding(seconds: -seconds) }

    private func facts(_ change: (inout HealthFacts) throws -> Void = { _ in }) throws -> HealthFacts {
        var facts = HealthFacts(now: now, protectedSince: ago(100 * 86_400), policies: Policies(), newestSnapshot: ago(60))
        try facts.policies.add(PolicyChange(every: "1d", keep: "7@1d").backupPolicy(named: "nightly", target: "nas"), at: ago(50 * 86_400))
        facts.policies[record: "nightly"].lastGood = ago(3600)
        try change(&facts)
        return facts
    }

    private func keys(_ change: (inout HealthFacts) throws -> Void) throws -> [String] { try facts(change).concerns.map(\.key) }

    @Test func `nothing is wrong with a cluster that is looked after`() throws {
        #expect(try facts().concerns.isEmpty)
        let new = HealthFacts(now: now, protectedSince: now, policies: Policies())
        #expect(new.concerns.isEmpty, "one that has just been made has time for its first snapshot")
    }

    @Test func `silence is a concern: of snapshots and of each backup policy, and a worse one after twice the time`() throws {
        let old = try facts { $0.newestSnapshot = ago(4 * 3600) }.concerns
        #expect(old.map(\.key) == ["snapshot-age"] && old[0].severity == .warning && old[0].message.contains("4 hours old"))
        #expect(try facts { $0.newestSnapshot = ago(7 * 3600) }.concerns.first?.severity == .critical)
        #expect(try keys { $0.policies[record: "nightly"].lastGood = ago(4 * 86_400) } == ["backup-age nightly"])
        #expect(try keys { $0.policies[record: "nightly"].lastGood = nil } == ["backup-age nightly"])
        let never = try facts {
            $0.newestSnapshot = nil
            $0.protectedSince = ago(10 * 3600)
        }
        #expect(never.concerns.first?.message.contains("no good snapshot") == true)
    }

    @Test func `an objective is what counts where there is one`() throws {
        #expect(
            try keys {
                $0.policies.snapshot = try PolicyChange(objective: "30s").applied(to: $0.policies.snapshot)
            } == ["snapshot-age"])
        #expect(
            try keys {
                $0.newestSnapshot = ago(4 * 3600)
                $0.policies.snapshot = try PolicyChange(objective: "5h").applied(to: $0.policies.snapshot)
            }.isEmpty)
        #expect(try PolicyChange(objective: "none").applied(to: facts().policies.snapshot).objective == nil)
        #expect(
            #expect(throws: Failure.self) { try PolicyChange(objective: "soon").applied(to: .standard) }?.message.hasPrefix("rpo: ") == true
        )
    }

    @Test func `failures, disabled policies, little room and places that are gone are concerns`() throws {
        #expect(
            try keys { $0.policies.snapshotRecord.ended(slot: now, missed: 0, at: now, failure: "no room") } == ["snapshot-failure"])
        let often = try facts { facts in
            for _ in 0..<4 { facts.policies[record: "nightly"].ended(slot: now, missed: 0, at: now, failure: "gone") }
        }
        #expect(often.concerns.map(\.severity) == [.critical] && often.concerns[0].message.contains("gone"))
        #expect(try keys { $0.policies.disable(.snapshots) } == ["snapshot-policy-disabled"])
        #expect(try keys { $0.policies.disable(.backup("nightly")) } == ["backup-policy-disabled nightly"])
        let rooms = try facts {
            $0.rooms = [
                PlaceRoom(name: "storage", free: 9, total: 100), PlaceRoom(name: "nas", free: 3, total: 100),
                PlaceRoom(name: "b", free: 50, total: 100),
            ]
        }
        #expect(rooms.concerns.map(\.key) == ["space nas", "space storage"], "the worst first")
        #expect(try keys { $0.troubles = ["target nas": "not mounted"] } == ["place target nas"])
        #expect(
            try keys { facts in
                for _ in 0..<3 { facts.policies[record: "nightly"].add(PolicyRecord.Sample(seconds: 90_000, bytesAdded: 1, bytes: 1)) }
            } == ["backup-slow nightly"])
    }
}

@Suite struct ForecastTests {
    private let now = Timestamp(seconds: 1_795_456_200)

    /// Free bytes at every sixth hour, the last one now.
    private func history(_ free: [UInt64]) -> RoomHistory {
        var history = RoomHistory()
        for (index, bytes) in free.enumerated() { history.note(bytes, at: now.adding(seconds: Int64(index + 1 - free.count) * 21_600)) }
        return history
    }

    @Test func `a place that shrinks steadily is full when its room is used up, whatever a prune or a big file does in between`() throws {
        let steady = (0..<40).map { UInt64(100_000 - 1000 * $0) }
        let left = try #require(history(steady).secondsLeft(free: 61_000))
        #expect(abs(left / 21_600 - 61) < 0.5)
        var jumpy = steady
        jumpy[10] = 5000
        jumpy[20] = 900_000
        #expect(abs(try #require(history(jumpy).secondsLeft(free: 61_000)) / left - 1) < 0.1)
        #expect(history(steady.reversed()).secondsLeft(free: 61_000) == nil, "it grows")
        #expect(history([UInt64](repeating: 9, count: 40)).secondsLeft(free: 9) == nil)
        #expect(history(Array(steady.prefix(8))).secondsLeft(free: 9) == nil, "too little is known")
        var kept = RoomHistory()
        for hour in 0..<2000 { kept.note(UInt64(hour), at: now.adding(seconds: Int64(hour) * 3600)) }
        #expect(kept.samples.count == RoomHistory.most)
        kept.note(1, at: now)
        #expect(kept.samples.count == 1, "a clock that was put back")
    }

    @Test func `the day that a place will be full is a concern, and so are a pause and a skew above their bounds`() throws {
        var facts = HealthFacts(now: now, protectedSince: now, policies: Policies(), newestSnapshot: now)
        facts.rooms = [PlaceRoom(name: "target nas", free: 61_000, total: 100_000)]
        facts.roomHistories = ["target nas": history((0..<40).map { UInt64(100_000 - 1000 * $0) })]
        #expect(facts.concerns.isEmpty, "in 15 days")
        facts.bounds.fullWithinSeconds = 20 * 86_400
        let forecast = try #require(facts.concerns.first)
        #expect(forecast.key == "space-forecast target nas" && forecast.severity == .warning && forecast.message.contains("2026-12-0"))
        facts.rooms[0].free = 11_000
        #expect(facts.concerns.map(\.severity) == [.critical])
        facts.rooms[0].free = 5000
        #expect(facts.concerns.map(\.key) == ["space target nas"], "told once, as what it has become")
        facts.rooms = []
        var sample = PolicyRecord.Sample(seconds: 1, bytesAdded: 1, bytes: 1)
        (sample.pauseSeconds, sample.skewSeconds) = (0.3, 4)
        facts.policies.snapshotRecord.add(sample)
        #expect(facts.concerns.isEmpty, "no bound, no concern")
        (facts.bounds.pauseSeconds, facts.bounds.skewSeconds) = (0.2, 3)
        #expect(facts.concerns.map(\.key) == ["snapshot-pause", "snapshot-skew"])
        #expect(facts.concerns[0].message.contains("0.3 s") || facts.concerns[0].message.contains("300 ms"), "\(facts.concerns[0].message)")
    }

    @Test func `mail is a message that says all, and nothing in it can make a header`() throws {
        let concern = Concern("place target nas", .critical, "target nas: über\nBcc: everybody@example.org", remedy: "look")
        var book = AlertBook()
        let notice = try #require(book.update([concern], at: now, repeatingAfter: 1).first)
        let text = String(decoding: MailMessage(to: ["a@b.example", "root"], cluster: "acme", host: "h", notice).bytes, as: UTF8.self)
        let head = text.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
        #expect(head.first == "To: a@b.example, root" && !head.contains { $0.hasPrefix("Bcc") })
        let subject = try #require(head.first { $0.hasPrefix("Subject: ") })
        #expect(subject.hasPrefix("Subject: =?utf-8?Q?=5Bholdfast=20acme=5D=20critical=3A") && subject.contains("=C3=BCber"))
        #expect(
            subject.dropFirst(9).split(separator: " ").allSatisfy { $0.count <= 75 && $0.hasPrefix("=?utf-8?Q?") && $0.hasSuffix("?=") })
        #expect(text.contains("since:    2026-11-") && text.contains("do:       look"))
    }
}

@Suite struct AlertBookTests {
    private let now = Timestamp(seconds: 1_795_456_200)
    private let old = Concern("snapshot-age", .warning, "old", remedy: "look")

    @Test func `each is told once, again after the pause, at once when it is worse, and when it is over`() throws {
        var book = AlertBook()
        #expect(book.update([old], at: now, repeatingAfter: 100).map(\.notice) == [.raised])
        #expect(book.update([old], at: now.adding(seconds: 99), repeatingAfter: 100).isEmpty)
        #expect(book.update([old], at: now.adding(seconds: 100), repeatingAfter: 100).map(\.notice) == [.repeated])
        let worse = Concern("snapshot-age", .critical, "older", remedy: "look")
        #expect(book.update([worse], at: now.adding(seconds: 110), repeatingAfter: 100).map(\.notice) == [.worsened])
        #expect(book.update([old], at: now.adding(seconds: 120), repeatingAfter: 100).isEmpty, "better is not news")
        #expect(try AlertBook(json: book.json()) == book)
        let over = book.update([], at: now.adding(seconds: 130), repeatingAfter: 100)
        #expect(over.map(\.notice) == [.resolved] && over[0].since == now && book.active.isEmpty)
        #expect(book.update([], at: now.adding(seconds: 140), repeatingAfter: 100).isEmpty)
        #expect(AlertBook(json: Array("torn".utf8)) == nil)
    }

    @Test func `a clock that jumps delays nothing by more than the pause`() {
        var book = AlertBook()
        _ = book.update([old], at: now.adding(seconds: 1_000_000), repeatingAfter: 100)
        #expect(book.update([old], at: now, repeatingAfter: 100).map(\.notice) == [.repeated])
        #expect(book.update([old], at: now.adding(seconds: 10), repeatingAfter: 100).isEmpty)
    }

    @Test func `whatever comes and goes, each is raised before it is over, and never raised twice`() {
        var random = SeededRandom(named: "alerts")
        var book = AlertBook()
        var open: Set<String> = []
        for step in 0..<2000 {
            let concerns = (0..<5).filter { _ in Bool.random(using: &random) }.map {
                Concern("k\($0)", Bool.random(using: &random) ? .warning : .critical, "m", remedy: "r")
            }
            for notice in book.update(concerns, at: now.adding(seconds: Int64(step * 7)), repeatingAfter: 50) {
                switch notice.notice {
                case .raised: #expect(open.insert(notice.key).inserted)
                case .resolved: #expect(open.remove(notice.key) != nil)
                case .repeated, .worsened: #expect(open.contains(notice.key))
                }
            }
            #expect(open == Set(concerns.map(\.key)))
        }
    }
}
