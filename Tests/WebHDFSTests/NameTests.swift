import Model
import TestSupport
import Testing
import WebHDFS

/// Names that mean something in URLs, in JSON, to shells or to Java.
private let oddNames = [
    "with space", " lead", "end ", "per%cent", "%41", "%2F", "a%20b", "pl+us", "a+b%2Bc", "q?x", "ha#sh", "amp&x=y", "semi;colon=1",
    "quo'te", "dq\"x", "back\\slash", "\\", "new\nline", "tab\t", "ret\rurn", "ctl\u{1}x", "del\u{7F}", "~tilde", "{br}[x]", "a*b", "|pipe",
    "<x>", "^`", "@home", "$x,!", "..x", "trail.", "...", "-rf", "\u{FC}n\u{EF}", "caf\u{E9}", "cafe\u{301}", "\u{65E5}\u{672C}\u{8A9E}",
    "\u{1F600}", "\u{202E}rtl", "\u{2028}", String(repeating: "n", count: 255),
]

@Suite(.timeLimit(.minutes(5))) struct NameTests {
    @Test func everyNameIsWrittenListedReadRenamedAndRemoved() throws {
        let place = try Place()
        let moved = try place.at("moved")
        try place.client.makeDirectories(moved)
        for name in oddNames {
            let path = try #require(place.path.appending(Array(name.utf8)), "\(name)")
            let writer = place.client.create(path)
            try Array(name.utf8).withUnsafeBytes { try writer.write($0) }
            #expect(try writer.finish().length == UInt64(name.utf8.count), "\(name)")
        }
        let listed = try place.client.entries(of: place.path).filter { $0.kind == .file }
        #expect(Set(listed.map(\.name)) == Set(oddNames.map { Array($0.utf8) }))
        for name in oddNames {
            let bytes = Array(name.utf8)
            let path = try #require(place.path.appending(bytes))
            #expect(try place.client.bytes(of: path) == bytes, "\(name)")
            #expect(try place.client.checksum(of: path).bytes.isEmpty == false, "\(name)")
            let target = try #require(moved.appending(bytes))
            try place.client.rename(path, to: target)
            #expect(try place.client.status(of: path) == nil && place.client.status(of: target) != nil, "\(name)")
            #expect(try place.client.remove(target), "\(name)")
        }
        #expect(try place.client.entries(of: moved).isEmpty)
    }

    @Test func everyNameCanBeThatOfADirectoryAndOfAPublishedFile() throws {
        let place = try Place()
        for name in oddNames {
            let folder = try #require(place.path.appending(Array(name.utf8)))
            let file = try #require(folder.appending(Array(name.utf8)))
            try place.client.publish(file, bytes: [1, 2])
            #expect(try place.client.entries(of: folder).map(\.name) == [Array(name.utf8)], "\(name)")
        }
        #expect(try place.client.entries(of: place.path).count == oddNames.count)
    }

    @Test func composedAndDecomposedLettersAreTwoFiles() throws {
        let place = try Place()
        try place.put("caf\u{E9}", [1])
        try place.put("cafe\u{301}", [2])
        #expect(try place.bytes("caf\u{E9}") == [1] && place.bytes("cafe\u{301}") == [2])
    }

    @Test func namesThatHDFSRefusesAreErrors() throws {
        let place = try Place()
        expect(.invalid) { try place.put("a:b", [1]) }
        expect(.invalid) { try place.client.makeDirectories(place.at("a:b")) }
        let error = #expect(throws: HDFSError.self) { try place.put(String(repeating: "n", count: 256), [1]) }
        #expect(error?.detail?.contains("255") == true)
    }
}
