import HostIO
import Model
import TestSupport
import Testing
import WebHDFS

@Suite(.timeLimit(.minutes(5))) struct ListingTests {
    @Test func aLargeDirectoryIsListedPageByPage() throws {
        let place = try Place()
        let names = (0..<3200).map { "entry-\($0)" }
        try runWorkers(8, named: "make") { worker in
            for index in stride(from: worker, to: names.count, by: 8) { try place.client.makeDirectories(place.at(names[index])) }
        }
        var pages = place.client.pages(of: place.path)
        var (sizes, found): ([Int], [String]) = ([], [])
        while let page = try pages.next() {
            sizes.append(page.count)
            found += page.map { String(decoding: $0.name, as: UTF8.self) }
        }
        #expect(sizes == [1000, 1000, 1000, 200])
        #expect(found == names.sorted())
        #expect(try place.client.entries(of: place.path).count == 3200)
        #expect(try pages.next() == nil)
    }

    @Test func aPageBeginsAfterAName() throws {
        let place = try Place()
        for name in ["a", "b%", "b+", "c d"] { try place.client.makeDirectories(place.at(name)) }
        let page = try place.client.page(of: place.path, after: Array("b%".utf8))
        #expect(page.entries.map { String(decoding: $0.name, as: UTF8.self) } == ["b+", "c d"] && page.remaining == 0)
        #expect(try place.client.page(of: place.path, after: Array("zz".utf8)).entries.isEmpty)
    }

    @Test func aFileIsListedAsItself() throws {
        let place = try Place()
        try place.put("file", [1, 2])
        let entries = try place.client.entries(of: place.at("file"))
        #expect(entries.count == 1 && entries.first?.name.isEmpty == true && entries.first?.length == 2)
    }

    @Test func anEmptyDirectoryHasNoEntries() throws {
        let place = try Place()
        var count = 0
        try place.client.forEachEntry(of: place.path) { _ in count += 1 }
        #expect(count == 0)
    }

    @Test func contentIsSummedUp() throws {
        let place = try Place()
        try place.put("a/one", [UInt8](repeating: 1, count: 1000), HDFSFileOptions(replication: 2))
        try place.put("a/b/two", [UInt8](repeating: 1, count: 500), HDFSFileOptions(replication: 1))
        let summary = try place.client.contentSummary(of: place.path)
        #expect(summary.directories == 3 && summary.files == 2 && summary.length == 1500 && summary.spaceConsumed == 2500)
        #expect(summary.quota == HDFSQuota())
    }
}
