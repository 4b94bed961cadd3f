import Model
import Testing

@Suite struct PlaceMemoryTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    private static func entry(_ id: String, _ kind: ManifestKind = .backup, at seconds: Int64 = 0) -> PlaceMemory.Entry {
        PlaceMemory.Entry(id: id, kind: kind, name: "name-\(id)", created: now.adding(seconds: seconds))
    }

    private static let memory = PlaceMemory(
        cluster: "c", repository: "r", entries: [entry("a"), entry("b", at: 1)], strangers: ["x"], whole: now)

    private func doubt(
        _ sight: PlaceSight, _ before: PlaceMemory? = Self.memory, after: PlaceMemory? = Self.memory
    ) -> PlaceDoubt? { PlaceMemory.doubt(about: sight, before: before, after: after) }

    @Test func `what is as it was, or more, raises no doubt`() {
        #expect(doubt(PlaceSight(repository: "r", present: ["a", "b", "x"])) == nil)
        #expect(doubt(PlaceSight(repository: "r", present: [], kinds: [.snapshot])) == nil, "of other kinds nothing was seen")
        #expect(doubt(PlaceSight(repository: "r", present: []), nil, after: nil) == nil, "nobody has looked before")
    }

    @Test func `what is gone, and another repository, are told with their names and since when`() throws {
        let gone = try #require(doubt(PlaceSight(repository: "r", present: ["a", "x"])))
        #expect(gone.gone.map(\.id) == ["b"] && !gone.isOtherRepository && gone.since == Self.now)
        #expect(gone.text.contains("1 of 2 backups") && gone.text.contains("name-b") && gone.text.contains(Self.now.readable))
        let other = try #require(doubt(PlaceSight(repository: "q", present: ["a", "b", "x"])))
        #expect(other.isOtherRepository && other.gone.isEmpty && other.text.contains("another repository"))
        #expect(other.refusal(of: .target("nas"), path: "/nas", file: "f").hint?.contains("holdfast target accept nas -c f") == true)
    }

    @Test func `snapshots of others that are gone are told, unless a Holdfast deleted them`() throws {
        let gone = try #require(doubt(PlaceSight(repository: "r", present: ["a", "b"])))
        #expect(gone.goneStrangers == ["x"] && gone.gone.isEmpty && gone.text.contains("1 snapshot of others that was there"))
        #expect(doubt(PlaceSight(repository: "r", present: ["a", "b"], kinds: [.backup])) == nil, "only who looks at all of it can tell")
        var dropped = Self.memory
        dropped.drop(["x"])
        #expect(doubt(PlaceSight(repository: "r", present: ["a", "b"]), dropped) == nil)
        var noted = Self.memory
        noted.note(strangers: (0..<3000).map { "\($0)" })
        #expect(noted.others == 3000 && noted.strangers?.count == PlaceMemory.most && noted.strangers?.last == "2999")
    }

    @Test func `what was added or deleted here during the look raises no doubt`() {
        var later = Self.memory
        later.add([Self.entry("c", at: 2)])
        #expect(doubt(PlaceSight(repository: "r", present: ["a", "b", "x"]), after: later) == nil)
        later.drop(["b"])
        #expect(doubt(PlaceSight(repository: "r", present: ["a", "x"]), after: later) == nil)
    }

    @Test func `data without any snapshot is in doubt unless nobody ever had one there`() {
        let sight = PlaceSight(repository: "r", present: [], isEmptied: true)
        let none = PlaceMemory(cluster: "c", repository: "r", whole: Self.now)
        #expect(doubt(sight, nil, after: nil)?.isUnexplained == true)
        #expect(doubt(sight, none, after: none) == nil)
        let others = PlaceMemory(cluster: "c", repository: "r", strangers: ["x", "y"], whole: Self.now)
        #expect(doubt(sight, others, after: others)?.isUnexplained == true)
        #expect(doubt(sight)?.gone.count == 2)
    }

    @Test func `what a Holdfast deleted and is there again is told, and what it deletes during the look is not`() throws {
        var later = Self.memory
        later.drop(["b"])
        var deleted = later
        deleted.noteDeleted([Self.entry("b", at: 1)])
        let sight = PlaceSight(repository: "r", present: ["a", "b", "x"])
        #expect(doubt(sight, later, after: deleted) == nil)
        let back = try #require(doubt(sight, deleted, after: deleted))
        #expect(back.returned.map(\.id) == ["b"] && back.gone.isEmpty && back.text.contains("there again") && back.text.contains("name-b"))
        #expect(doubt(PlaceSight(repository: "r", present: ["a", "b"], kinds: [.snapshot]), deleted, after: deleted) == nil)
        var accepted = PlaceMemory(cluster: "c", repository: "r", whole: Self.now)
        accepted.takeDeleted(from: deleted, besides: ["b"])
        #expect(doubt(sight, accepted, after: accepted) == nil)
    }

    @Test func `another config of the same repository is told`() {
        var memory = Self.memory
        memory.config = "1"
        let present: Set = ["a", "b", "x"]
        #expect(doubt(PlaceSight(repository: "r", present: present, config: "1"), memory, after: memory) == nil)
        #expect(doubt(PlaceSight(repository: "r", present: present), memory, after: memory) == nil, "nobody has looked")
        #expect(doubt(PlaceSight(repository: "r", present: present, config: "2")) == nil, "a memory of before has none")
        let other = doubt(PlaceSight(repository: "r", present: present, config: "2"), memory, after: memory)
        #expect(other?.isOtherConfig == true && other?.text.contains("config") == true)
    }

    @Test func `a memory of before it had more members is read`() throws {
        let old =
            #"{"format": 1, "places": {"storage": {"cluster": "c", "repository": "r", "entries": [], "others": 0, "whole": "2026-11-30T00:00:00Z"}}}"#
        let place = try MemoryBook(json: Array(old.utf8), at: "seen.json").places["storage"]
        #expect(place?.repository == "r" && place?.config == nil && place?.returned(among: ["a"]).isEmpty == true)
    }

    @Test func `the newest entries are remembered, each once`() {
        var memory = PlaceMemory(cluster: "c", repository: "r", whole: Self.now)
        memory.add((0..<PlaceMemory.most + 10).reversed().map { Self.entry("\($0)", at: Int64($0)) })
        memory.add([Self.entry("\(PlaceMemory.most)", at: 5)])
        #expect(memory.entries.count == PlaceMemory.most && memory.entries.first?.id == "10")
    }

    @Test func `it goes through JSON, and what cannot be read says how to go on`() throws {
        var book = MemoryBook()
        book.places["target nas"] = Self.memory
        #expect(try MemoryBook(json: book.json(), at: "seen.json") == book)
        for text in ["", "{", "[]", #"{"format": 1, "places": {"storage": {"others": 1e30}}}"#] {
            let failure = #expect(throws: Failure.self) { try MemoryBook(json: Array(text.utf8), at: "seen.json") }
            #expect(failure?.code == .damaged && failure?.hint?.contains("target accept") == true)
        }
    }
}
