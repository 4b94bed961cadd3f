import Model
import Testing

@Suite struct CompletenessTests {
    private func record(_ notes: [EntryNote] = [], image: ImageKind = .archived, extent: StoreExtent = .whole) -> StoreRecord {
        let cut = Timestamp(seconds: 1_795_456_200)
        var record = StoreRecord(
            name: "up", kind: .directory, role: .content, path: "/srv/up", image: image, extent: extent, began: cut, ended: cut, entries: 9,
            bytes: 90)
        record.note(notes)
        return record
    }

    @Test func `an image holds everything only when nothing is missing, torn or left out`() {
        #expect(record().completeness.words == "everything")
        #expect(record(image: .native).completeness.words == "everything; unread")
        #expect(record(extent: .structure).completeness.words == "structure only")
        for flaw in EntryFlaw.allCases where flaw != .changed && flaw != .vanished {
            let words = record([EntryNote(flaw, count: 2, first: ["a: x"])]).completeness.words
            #expect(!words.contains("everything") && words.contains("2") || flaw == .open && words.contains("2 open files"), "\(words)")
        }
        #expect(record([EntryNote(.unreadable, count: 3, first: [])]).completeness.words == "all but 3 entries")
        let mixed = record([EntryNote(.changed, count: 1, first: []), EntryNote(.vanished, count: 1200, first: [])]).completeness
        #expect(mixed.words == "everything; 1 entry changed while it was read, 1,200 entries went meanwhile")
        #expect(mixed.isFlawless)
    }

    @Test(arguments: [
        (EntryFlaw.unreadable, false, false), (.inUse, false, false), (.open, true, false), (.metadata, true, false),
        (.changed, true, true),
        (.vanished, true, true), (.leftOut, true, true),
    ]) func `each kind has one judgement`(_ flaw: EntryFlaw, _ isGood: Bool, _ isFlawless: Bool) {
        let judgement = record([EntryNote(flaw, count: 1, first: ["b: why"])]).completeness
        #expect(judgement.isGood == isGood && judgement.isFlawless == isFlawless)
        #expect((judgement.shortcoming(of: "up") == nil) == isFlawless)
        #expect(judgement.lines(of: "up", examples: 5).contains("  b: why"))
    }

    @Test func `what was left out hides nothing that is missing, however many it is`() {
        let all = record([EntryNote(.leftOut, count: 5000, first: ["proc/1: made up"])])
        var more = all
        more.note([EntryNote(.unreadable, count: 1, first: ["secret: permission denied"])])
        #expect(more.completeness.shortcoming(of: "up") == "up: 1 entry could not be read (secret: permission denied)")
        #expect(more.completeness.words == "all but 1 entry, 5,000 left out on purpose")
        #expect(more.issues == 1 && more.unreadable == 1)
    }

    @Test func `a doubt spoils an image of which every entry was read`() {
        var doubtful = record()
        doubtful.doubts = [StoreDoubt(.halfRestored, "it is half restored from s1")]
        #expect(!doubtful.completeness.isGood && doubtful.completeness.words == "everything; in doubt")
        #expect(doubtful.completeness.shortcoming(of: "up") == "up: it is half restored from s1")
        #expect(!doubtful.accepted.completeness.isGood)
        for kind in [StoreDoubt.Kind.shrunk, .damaged] {
            doubtful.doubts = [StoreDoubt(kind, "1 of 20 entries in s1 are left")]
            #expect(!doubtful.completeness.isGood && doubtful.accepted.completeness.isGood)
        }
        doubtful.add([StoreDoubt(.damaged, "again"), StoreDoubt(.emptied, "of all")])
        #expect(doubtful.doubts?.map(\.kind) == [.damaged, .emptied])
    }

    @Test func `records of before kinds were counted say what they know`() {
        let cut = Timestamp(seconds: 1)
        let old = StoreRecord(
            name: "up", kind: .directory, role: .content, path: "/up", image: .archived, began: cut, ended: cut, entries: 3,
            facts: [StoreRecord.unreadableFact: "1"], issues: 2, issueExamples: ["unreadable b: no right", "vanished c: gone"])
        #expect(old.completeness.words == "all but 1 entry; 1 entry changed while it was read")
        #expect(old.entryNotes.map(\.first) == [["b: no right"], ["c: gone"]])
    }

    @Test func `a kind that a newer program knows counts as missing`() throws {
        var manifest = try sampleManifest()
        manifest.stores[0].note([EntryNote(what: "petrified", count: 2, first: ["x"])])
        let read = try Manifest(json: try manifest.json(), of: "abc")
        #expect(read == manifest && !read.isGood && read.flawedStores == ["accounts"])
    }

    @Test func `counts from outside do not overflow`() {
        var record = record([EntryNote(.unreadable, count: .max, first: [])])
        record.note([EntryNote(.unreadable, count: .max, first: []), EntryNote(.changed, count: .max, first: [])])
        #expect(record.completeness.count(.unreadable) == .max && record.issues == .max)
    }
}
