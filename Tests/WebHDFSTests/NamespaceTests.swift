import Model
import TestSupport
import Testing
import WebHDFS

@Suite(.timeLimit(.minutes(3))) struct NamespaceTests {
    @Test func aFileHasTheStatusThatItWasGiven() throws {
        let place = try Place()
        let options = HDFSFileOptions(permission: 0o640, replication: 1, blockSize: 1 << 20)
        let made = try place.put("dir/file", [1, 2, 3], options)
        let status = try #require(try place.client.status(of: place.at("dir/file")))
        #expect(status.kind == .file && status.length == 3 && status.permission == 0o640 && status.replication == 1)
        #expect(status.blockSize == 1 << 20 && status.group == "supergroup" && status.name.isEmpty && !status.hasACL)
        #expect(status.fileID == made.fileID && status.modificationTime > 1_600_000_000_000)
        let folder = try #require(try place.client.status(of: place.at("dir")))
        #expect(folder.kind == .directory && folder.childCount == 1 && folder.length == 0 && !folder.isSnapshottable)
    }

    @Test func whatIsNotThereHasNoStatus() throws {
        let place = try Place()
        try place.put("file", [])
        #expect(try place.client.status(of: place.at("none")) == nil)
        #expect(try place.client.status(of: place.at("file/below/a/file")) == nil)
        expect(.notFound) { try place.client.page(of: place.at("none")) }
        expect(.notFound) { try place.client.contentSummary(of: place.at("none")) }
        expect(.notFound) { try place.client.accessList(of: place.at("none")) }
        expect(.notFound) { try place.client.setPermission(of: place.at("none"), 0o700) }
        expect(.notFound) { try place.client.setReplication(of: place.at("none"), 2) }
        expect(.notFound) { try place.client.open(place.at("none")) }
        expect(.notFound) { try place.client.bytes(of: place.at("none"), length: 5) }
        expect(.notFound) { try place.client.checksum(of: place.at("none")) }
    }

    @Test func directoriesAreMadeWithThoseAboveThem() throws {
        let place = try Place()
        try place.client.makeDirectories(place.at("a/b/c"), permission: 0o750)
        try place.client.makeDirectories(place.at("a/b/c"), permission: 0o700)
        #expect(try place.client.status(of: place.at("a/b/c"))?.permission == 0o750)
        try place.put("file", [1])
        expect(.exists) { try place.client.makeDirectories(place.at("file")) }
        expect(.notDirectory) { try place.client.makeDirectories(place.at("file/x")) }
    }

    @Test func removingSaysWhetherThereWasSomething() throws {
        let place = try Place()
        try place.put("dir/file", [1])
        expect(.notEmpty) { try place.client.remove(place.at("dir")) }
        #expect(try place.client.remove(place.at("dir/file")))
        #expect(try !place.client.remove(place.at("dir/file")))
        #expect(try place.client.remove(place.at("dir")))
        try place.put("deep/er/file", [1])
        #expect(try place.client.remove(place.at("deep"), .tree))
        #expect(try !place.client.remove(place.at("deep"), .tree))
    }

    @Test func aRenameReplacesOnlyWhenToldTo() throws {
        let place = try Place()
        try place.put("one", [1])
        try place.put("two", [2])
        expect(.exists) { try place.client.rename(place.at("one"), to: place.at("two")) }
        #expect(try place.bytes("two") == [2])
        try place.client.rename(place.at("one"), to: place.at("two"), replacing: .always)
        #expect(try place.bytes("two") == [1] && place.client.status(of: place.at("one")) == nil)
        try place.client.rename(place.at("two"), to: place.at("three"))
        expect(.notFound) { try place.client.rename(place.at("two"), to: place.at("four")) }
        expect(.notFound) { try place.client.rename(place.at("three"), to: place.at("no/such/place")) }
        try place.client.makeDirectories(place.at("dir/sub"))
        expect(.invalid) { try place.client.rename(place.at("dir"), to: place.at("dir/sub/below")) }
        expect(.invalid) { try place.client.rename(place.at("three"), to: place.at("dir"), replacing: .always) }
    }

    @Test func ownerModeTimesAndReplicationAreSet() throws {
        let place = try Place()
        try place.put("file", [1])
        let path = try place.at("file")
        try place.client.setOwner(of: path, owner: "alice", group: "staff")
        try place.client.setPermission(of: path, 0o1604)
        try place.client.setTimes(of: path, modification: 1_500_000_000_123, access: 1_400_000_000_456)
        try place.client.setReplication(of: path, 1)
        let status = try #require(try place.client.status(of: path))
        #expect(status.owner == "alice" && status.group == "staff" && status.permission == 0o1604 && status.replication == 1)
        #expect(status.modificationTime == 1_500_000_000_123 && status.accessTime == 1_400_000_000_456)
        try place.client.setOwner(of: path, group: "others")
        try place.client.setTimes(of: path, modification: 1000)
        let again = try #require(try place.client.status(of: path))
        #expect(again.owner == "alice" && again.group == "others" && again.modificationTime == 1000)
        #expect(again.accessTime == 1_400_000_000_456)
        try place.client.setPermission(of: place.path, 0o1777)
        #expect(try place.client.status(of: place.path)?.permission == 0o1777)
    }

    @Test func filesAreJoinedWithoutCopying() throws {
        let place = try Place()
        let options = HDFSFileOptions(blockSize: 1 << 20)
        for (name, byte) in [("a", 1), ("b", 2), ("c", 3)] as [(String, UInt8)] {
            try place.put(name, [UInt8](repeating: byte, count: 1000), options)
        }
        try place.client.concatenate([place.at("b"), place.at("c")], onto: place.at("a"))
        let expected = [UInt8](repeating: 1, count: 1000) + [UInt8](repeating: 2, count: 1000) + [UInt8](repeating: 3, count: 1000)
        #expect(try place.bytes("a") == expected)
        #expect(try place.bytes("a").count == 3000 && place.client.status(of: place.at("b")) == nil)
        expect(.invalid) { try place.client.concatenate([place.at("x,y")], onto: place.at("a")) }
    }

    @Test func aFileIsTruncatedAtABlock() throws {
        let place = try Place()
        try place.put("file", [UInt8](repeating: 7, count: 10_000), HDFSFileOptions(blockSize: 4096))
        #expect(try place.client.truncate(place.at("file"), to: 8192))
        #expect(try place.bytes("file").count == 8192)
        expect(.invalid) { try place.client.truncate(place.at("file"), to: 9000) }
    }

    @Test func equalFilesHaveEqualChecksums() throws {
        let place = try Place()
        try place.put("one", [1, 2, 3])
        try place.put("two", [1, 2, 3])
        try place.put("other", [1, 2, 4])
        let checksum = try place.client.checksum(of: place.at("one"))
        #expect(checksum.algorithm.hasPrefix("MD5-of-") && !checksum.bytes.isEmpty)
        #expect(try checksum == place.client.checksum(of: place.at("two")))
        #expect(try checksum != place.client.checksum(of: place.at("other")))
    }
}
