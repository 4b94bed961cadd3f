import Model
import Testing

/// What follows from a look at the target, and what each role allows.
@Suite struct StandingTests {
    private let target = "/mnt/nas"

    private func reading(_ seconds: UInt64, boot: String = "boot") -> ClockReading {
        ClockReading(wall: Timestamp(seconds: 1_000_000 + Int64(seconds)), boot: boot, nanoseconds: seconds * 1_000_000_000)
    }

    private func record(_ epoch: UInt64, _ owner: String, _ reason: EpochRecord.Reason = .promotion) -> EpochRecord {
        EpochRecord(
            epoch: epoch, cluster: "c", owner: owner, host: "host-\(owner)", writer: "root on host", raised: Timestamp(seconds: 5),
            reason: reason,
            token: "t\(epoch)")
    }

    private func look(_ standing: inout Standing, _ sight: EpochSight, at seconds: UInt64, lease: Double = 60) -> [StandingStep] {
        standing.observe([(target, sight)], at: reading(seconds), leaseSeconds: lease)
    }

    @Test func `without a standby nothing is claimed and nothing can run out`() {
        var standing = Standing(member: "me")
        #expect(look(&standing, .unwatched, at: 0).isEmpty && look(&standing, .unreachable("gone"), at: 10_000).isEmpty)
        #expect(standing.watched.isEmpty && standing.suspension == nil)
    }

    @Test func `the first standby makes the primary claim the epoch, once it is its own it stays active`() {
        var standing = Standing(member: "me")
        #expect(look(&standing, .epoch(nil), at: 0) == [.claim(target: target, over: nil, .watched)])
        #expect(look(&standing, .epoch(record(1, "me")), at: 1).isEmpty)
        #expect(standing.watched.map(\.epoch) == [1] && standing.role == .active)
    }

    @Test func `another owner fences, and nothing that is seen afterwards takes that back`() throws {
        var standing = Standing(member: "me")
        #expect(look(&standing, .epoch(record(2, "other")), at: 0) == [.fenced])
        #expect(standing.role == .fenced && standing.fencing?.record.epoch == 2)
        for sight in [EpochSight.unwatched, .epoch(nil), .epoch(record(3, "me")), .unreachable("gone")] {
            #expect(look(&standing, sight, at: 5).isEmpty && standing.role == .fenced)
        }
        for action in [Action.snapshot, .backup, .restore] {
            let failure = #expect(throws: Failure.self) { try standing.allow(action, cluster: "acme", file: "f") }
            #expect(failure?.code == .fenced && failure?.message.contains("host-other") == true)
        }
    }

    @Test func `a lease that runs out suspends backups, and the target ends that`() {
        var standing = Standing(member: "me")
        _ = look(&standing, .epoch(record(1, "me")), at: 100)
        #expect(look(&standing, .unreachable("gone"), at: 160).isEmpty)
        #expect(look(&standing, .unreachable("gone"), at: 161) == [.suspended])
        #expect(look(&standing, .unreachable("gone"), at: 500).isEmpty && standing.suspension?.since == reading(161).wall)
        #expect(throws: Failure.self) { try standing.allow(.backup, cluster: "acme", file: "f") }
        #expect(throws: Never.self) { try standing.allow(.snapshot, cluster: "acme", file: "f") }
        #expect(look(&standing, .epoch(record(1, "me")), at: 501) == [.resumed] && standing.suspension == nil)
    }

    @Test func `a lease counts time that passed, not the time of day`() {
        var standing = Standing(member: "me")
        _ = look(&standing, .epoch(record(1, "me")), at: 100)
        let set = ClockReading(wall: Timestamp(seconds: 9_000_000), boot: "boot", nanoseconds: 110 * 1_000_000_000)
        #expect(standing.observe([(target, .unreachable("gone"))], at: set, leaseSeconds: 60).isEmpty)
        let back = ClockReading(wall: Timestamp(seconds: 5), boot: "boot", nanoseconds: 190 * 1_000_000_000)
        #expect(standing.observe([(target, .unreachable("gone"))], at: back, leaseSeconds: 60) == [.suspended])
        var other = Standing(member: "me")
        _ = look(&other, .epoch(record(1, "me")), at: 100)
        #expect(other.observe([(target, .unreachable("gone"))], at: reading(200, boot: "next"), leaseSeconds: 60) == [.suspended])
    }

    @Test func `an epoch that is owed is raised over the old owner's, not over a newer one`() {
        var standing = Standing(member: "me")
        standing.own(target, 3, at: reading(0), isOwed: true)
        #expect(look(&standing, .unreachable("gone"), at: 100_000).isEmpty && standing.suspension == nil)
        #expect(look(&standing, .epoch(record(3, "old")), at: 1) == [.claim(target: target, over: record(3, "old"), .promotion)])
        #expect(standing.role == .active)
        #expect(look(&standing, .epoch(record(4, "third")), at: 2) == [.fenced])
    }

    @Test func `a standby does nothing for the cluster and is not fenced`() {
        var standing = Standing(member: "me")
        standing.standDown()
        #expect(look(&standing, .epoch(record(7, "other")), at: 0).isEmpty && standing.role == .standby)
        #expect(throws: Failure.self) { try standing.allow(.snapshot, cluster: "acme", file: "f") }
    }

    @Test func `only a greater number fences, and the owner of the greatest one claims the target again`() {
        var standing = Standing(member: "me")
        #expect(look(&standing, .epoch(record(5, "me")), at: 0).isEmpty)
        for old in [record(2, "other"), record(5, "other"), record(4, "other")] {
            #expect(look(&standing, .epoch(old), at: 1) == [.claim(target: target, over: old, .watched)] && standing.role == .active)
        }
        #expect(standing.doubts?[target]?.count == 3 && standing.lastEpoch(in: target) == 5)
        #expect(look(&standing, .epoch(nil), at: 2) == [.claim(target: target, over: nil, .watched)])
        #expect(look(&standing, .epoch(record(6, "other")), at: 3) == [.fenced])
    }

    @Test func `whoever writes in a target can neither suspend nor fence by what they put there or remove`() {
        for sight in [EpochSight.epoch(record(4, "other")), .epoch(nil), .obscured] {
            var standing = Standing(member: "me")
            _ = look(&standing, .epoch(record(5, "me")), at: 0)
            for time in [60, 61, 1000, 5000] as [UInt64] {
                #expect(!look(&standing, sight, at: time).contains(.suspended))
                #expect(standing.suspension == nil && standing.role == .active && standing.lastEpoch(in: target) == 5)
            }
            // The lease began anew while the target was there.
            _ = look(&standing, .obscured, at: 5001)
            #expect(look(&standing, .unreachable("gone"), at: 5061).isEmpty)
            #expect(look(&standing, .unreachable("gone"), at: 5062) == [.suspended])
        }
    }

    @Test func `a record of its own that is gone is told and made again`() {
        var standing = Standing(member: "me")
        #expect(look(&standing, .epoch(nil), at: 0) == [.claim(target: target, over: nil, .watched)] && standing.doubts == nil)
        _ = look(&standing, .epoch(record(5, "me")), at: 1)
        #expect(look(&standing, .epoch(nil), at: 2) == [.claim(target: target, over: nil, .watched)])
        #expect(standing.doubts?[target]?.first?.contains("epoch 5") == true)
    }

    @Test func `a number that cannot be one is not remembered, and notices are counted from then on`() throws {
        var standing = Standing(member: "me")
        standing.own(target, .max, at: reading(0))
        let serials = [standing.nextSerial(), standing.nextSerial()]
        #expect(standing.lastEpoch(in: target) == 0 && serials == [1, 2])
        func notice(_ serial: UInt64?) -> StandbyNotice {
            StandbyNotice(member: "s", host: "h", since: Timestamp(seconds: 1), serial: serial)
        }
        standing.note([notice(3)])
        let (older, none) = (standing.isCurrent(notice(2)), standing.isCurrent(notice(nil)))
        #expect(standing.isCurrent(notice(3)) && standing.isCurrent(notice(4)))
        #expect(!older && !none)
        let wish = HandoverRequest(token: "t", asked: Timestamp(seconds: 1), until: Timestamp(seconds: 2))
        for index in 0..<50 {
            var other = wish
            other.token = "\(index)"
            standing.noteAnswer(to: other)
        }
        standing.noteAnswer(to: wish)
        #expect(standing.hasAnswered(wish))
        let again = try NoticeCodec.decode(Standing.self, NoticeCodec.encode(standing, "standing"), "standing", at: "x")
        #expect(again == standing)
    }
}
