import Model
import Testing

@Suite struct ShrinkRuleTests {
    private let cut = Timestamp(seconds: 1_795_456_200)

    private func record(_ entries: UInt64, _ bytes: UInt64, place: String? = "ext4 1") -> StoreRecord {
        var record = StoreRecord(
            name: "up", kind: .directory, role: .content, path: "/up", image: .archived, began: cut, ended: cut, entries: entries,
            bytes: bytes)
        record.place = place
        return record
    }

    private func doubts(_ now: StoreRecord, _ before: StoreRecord, percent: Int = 50) -> [StoreDoubt.Kind?] {
        ShrinkRule(percent: percent).doubts(about: now, since: StoreBaseline(before, at: cut, source: "the snapshot s1")).map(\.kind)
    }

    @Test func `less than half of the entries or of the bytes is told, half is not`() {
        #expect(doubts(record(49, 5 << 20), record(100, 5 << 20)) == [.shrunk])
        #expect(doubts(record(50, 5 << 20), record(100, 5 << 20)) == [])
        #expect(doubts(record(100, (5 << 19) - 1), record(100, 5 << 20)) == [.shrunk])
        #expect(doubts(record(80, 5 << 20), record(100, 5 << 20), percent: 90) == [.shrunk])
        #expect(doubts(record(2, 1), record(100, 5 << 20), percent: 1) == [.shrunk])
    }

    @Test func `small stores are told of only when nothing is left`() {
        #expect(doubts(record(1, 10), record(9, 1000)) == [])
        #expect(doubts(record(0, 0), record(2, 10)) == [.emptied])
        #expect(doubts(record(0, 0), record(0, 0)) == [])
        #expect(doubts(record(1, 0), record(1, 2 << 20)) == [.emptied])
    }

    @Test func `another place is told, an unknown one is not`() {
        #expect(doubts(record(9, 9, place: "xfs 2"), record(9, 9)) == [.elsewhere])
        #expect(doubts(record(9, 9, place: nil), record(9, 9)) == [])
        #expect(doubts(record(9, 9), record(9, 9, place: nil)) == [])
        #expect(doubts(record(0, 0, place: "xfs 2"), record(9, 9)) == [.elsewhere, .emptied])
    }

    @Test func `lengths without data are told, unless nobody has counted the data`() {
        func data(_ bytes: UInt64?) -> StoreRecord {
            var record = record(20, 8 << 20)
            record.dataBytes = bytes
            return record
        }
        #expect(doubts(data(0), data(8 << 20)) == [.emptied] && doubts(data(3 << 20), data(8 << 20)) == [.shrunk])
        #expect(doubts(data(4 << 20), data(8 << 20)) == [] && doubts(data(0), data(1000)) == [])
        #expect(doubts(data(nil), data(8 << 20)) == [] && doubts(data(0), data(nil)) == [])
    }

    @Test func `what cluster init saw is compared with as far as it was counted`() throws {
        func look(_ held: HeldAmount?, _ place: String? = "ext4 1") -> StoreBaseline? {
            StoreBaseline(firstLook: held, of: "up", place: place, at: cut)
        }
        func doubts(_ now: StoreRecord, _ look: StoreBaseline?) throws -> [StoreDoubt.Kind?] {
            ShrinkRule().doubts(about: now, since: try #require(look)).map(\.kind)
        }
        #expect(try doubts(record(0, 0), look(HeldAmount(entries: 30, bytes: 3 << 20))) == [.emptied])
        #expect(try doubts(record(1, 100), look(HeldAmount(bytes: 3 << 20))) == [.shrunk])
        #expect(try doubts(record(0, 0, place: "tmpfs 2"), look(nil)) == [.elsewhere])
        #expect(try doubts(record(1, 1), look(HeldAmount(entries: 100_000, isMore: true))) == [.shrunk])
        #expect(look(HeldAmount(entries: 0, bytes: 0)) == nil && look(nil, nil) == nil)
    }

    @Test func `what was not counted is not compared`() {
        var native = record(0, 0)
        native.image = .native
        #expect(doubts(native, record(100, 5 << 20)) == [])
        native.facts[StoreRecord.entriesFact] = "0"
        #expect(doubts(native, record(100, 5 << 20)) == [.emptied])
        var huge = record(0, 0)
        huge.image = .native
        huge.entriesAtLeast = 100_000
        #expect(doubts(huge, record(1_000_000, 5 << 30)) == [] && doubts(record(12, 12), huge) == [.shrunk])
    }
}

@Suite struct LastGoodTests {
    @Test func `the last good image of each store stays while all later ones are flawed`() {
        let images = [
            ImageStanding(id: "a", stores: ["x", "y"], flawed: []), ImageStanding(id: "b", stores: ["x", "y"], flawed: ["x"]),
            ImageStanding(id: "c", stores: ["x", "y"], flawed: ["x", "y"]),
        ]
        #expect(images.lastGood == ["a", "b"])
        #expect(Array(images.prefix(1)).lastGood == [])
        #expect((images + [ImageStanding(id: "d", stores: ["x", "y"], flawed: [])]).lastGood == [])
        #expect([ImageStanding(id: "e", stores: ["x"], flawed: ["x"])].lastGood == [])
    }

    @Test func `a policy keeps the newest good one of each store for as long as it takes`() throws {
        let policy = Retention(keep: try KeepRules("2@1h", most: 10), schedule: try Schedule(every: "1h"))
        var arrivals: [Arrival] = []
        for hour in 0..<50 {
            let flawed: [String] = hour < 3 ? [] : hour < 7 ? ["x"] : ["x", "y"]
            let at = Timestamp(seconds: 1_795_305_600 + Int64(hour) * 3600)
            let quality: Arrival.Quality = flawed.isEmpty ? .good : .flawed
            arrivals.append(Arrival(id: "\(hour)", name: try SnapshotName("s\(hour)"), at: at, quality: quality, flawedStores: flawed))
        }
        let left = Set(policy.leaving(arrivals).map(\.id))
        #expect(Set(arrivals.map(\.id)).subtracting(left) == ["2", "6", "48", "49"])
    }
}
