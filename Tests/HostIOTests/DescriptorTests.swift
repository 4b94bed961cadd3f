import Glibc
import HostIO
import Model
import TestSupport
import Testing

@Suite struct DescriptorTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test func bytesWrittenInPartsAreReadBack() throws {
        let folder = try directory.open()
        let file = try folder.open(Array("a".utf8), [.readWrite, .createNew])
        let parts = (0..<3000).map { [UInt8](repeating: UInt8($0 % 251), count: $0 % 7) }
        let whole = Array(parts.joined())
        try whole.withUnsafeBytes { buffer in
            var start = 0
            var pieces: [UnsafeRawBufferPointer] = []
            for part in parts {
                pieces.append(UnsafeRawBufferPointer(rebasing: buffer[start..<(start + part.count)]))
                start += part.count
            }
            try file.write(pieces)
        }
        try file.seek(to: 0)
        #expect(try file.readAll() == whole)
        #expect(throws: SystemError(EFBIG, "read", directory.file("a"))) {
            try file.seek(to: 0)
            _ = try file.readAll(limit: 10)
        }
        #expect(try file.status().size == Int64(whole.count))
    }

    @Test(arguments: ["", ".", "..", "a/b", "a\0b"]) func aNameThatCouldLeaveTheDirectoryIsRefused(name: String) throws {
        let folder = try directory.open()
        let error = #expect(throws: SystemError.self) { _ = try folder.open(Array(name.utf8), [.write, .create]) }
        #expect(error?.errno == EINVAL)
        let ok = Array("ok".utf8)
        _ = try folder.open(ok, [.write, .create])
        #expect(throws: SystemError.self) { try folder.rename(ok, to: Array(name.utf8)) }
    }

    @Test func namesNeedNotBeText() throws {
        let folder = try directory.open()
        let names: [[UInt8]] = [[0xFF, 0xFE], [0x0A], Array("größe".utf8), [0x80, 0x20]]
        for name in names { _ = try folder.open(name, [.write, .createNew]) }
        #expect(Set(try folder.entries().map(\.name)) == Set(names))
        #expect(try folder.entries().allSatisfy { $0.kind == .file })
    }

    @Test func aSymlinkIsNeitherFollowedNorOpened() throws {
        let folder = try directory.open()
        let link = Array("link".utf8)
        try folder.makeSymlink(link, to: Array("/etc/passwd".utf8))
        let error = #expect(throws: SystemError.self) { _ = try folder.open(link, .read) }
        #expect(error?.errno == ELOOP)
        #expect(try folder.readSymlink(link) == Array("/etc/passwd".utf8))
        #expect(try folder.status(of: link).kind == .symlink)
        let long = [UInt8](repeating: 0x61, count: 3000)
        try folder.makeSymlink(Array("long".utf8), to: long)
        #expect(try folder.readSymlink(Array("long".utf8)) == long)
    }

    @Test func metadataIsSetAndRead() throws {
        let folder = try directory.open()
        let name = Array("f".utf8)
        let file = try folder.open(name, [.write, .createNew])
        try file.setMode(0o4751)
        let before = Timestamp(seconds: -86_400, nanoseconds: 123_456_789)
        let after = Timestamp(seconds: 4_000_000_000, nanoseconds: 999_999_999)
        try folder.setTimes(of: name, accessed: before, modified: after)
        let status = try folder.status(of: name)
        #expect(status.permissions == 0o4751)
        #expect(status.accessed == before)
        #expect(status.modified == after)
        try folder.link(name, to: Array("g".utf8), in: folder)
        #expect(try folder.status(of: name).links == 2)
        #expect(try file.status().isSameFile(as: folder.status(of: Array("g".utf8))))
    }

    @Test func attributesOfFilesAndSymlinksAreKeptAsBytes() throws {
        let folder = try directory.open()
        let file = try folder.open(Array("f".utf8), [.write, .createNew])
        let name = Array("user.comment".utf8)
        let value = [UInt8](repeating: 0xFE, count: 900) + [0]
        try file.setAttribute(name, value)
        #expect(try file.attribute(name) == value)
        #expect(try file.attributeNames() == [name])
        #expect(try folder.attribute(name, of: Array("f".utf8)) == value)
        #expect(try file.attribute(Array("user.other".utf8)) == nil)
        try file.removeAttribute(name)
        try file.removeAttribute(name)
        #expect(try folder.attributeNames(of: Array("f".utf8)) == [])
    }

    @Test(.enabled(if: isRoot)) func aSymlinkCarriesItsOwnAttributes() throws {
        let folder = try directory.open()
        let link = Array("link".utf8)
        try folder.makeSymlink(link, to: Array("nowhere".utf8))
        try folder.setAttribute(Array("trusted.mark".utf8), [1, 2, 3], of: link)
        #expect(try folder.attribute(Array("trusted.mark".utf8), of: link) == [1, 2, 3])
    }

    @Test func holesAreFound() throws {
        let folder = try directory.open()
        let file = try folder.open(Array("sparse".utf8), [.readWrite, .createNew])
        try file.truncate(to: 1 << 20)
        try [UInt8](repeating: 1, count: 4096).withUnsafeBytes { try file.write($0, at: 512 << 10) }
        #expect(try file.nextData(from: 0) == 512 << 10)
        #expect(try file.nextHole(from: 512 << 10) == (512 << 10) + 4096)
        #expect(try file.nextData(from: 600 << 10) == nil)
        try file.punchHole(at: 512 << 10, length: 4096)
        #expect(try file.nextData(from: 0) == nil)
        #expect(try file.status().size == 1 << 20)
        #expect(try file.status().allocated == 0)
    }

    @Test func aLockIsHeldByOneOpenFileOnly() throws {
        let folder = try directory.open()
        let first = try folder.open(Array("lock".utf8), [.readWrite, .createNew])
        let second = try folder.open(Array("lock".utf8), .readWrite)
        #expect(try first.tryLock())
        #expect(try !second.tryLock())
        try first.unlock()
        #expect(try second.tryLock())
    }

    @Test func renameWithoutReplacingLeavesWhatIsThere() throws {
        let folder = try directory.open()
        for name in ["a", "b"] { try AtomicFile.write(Array(name.utf8), to: directory.file(name)) }
        let error = #expect(throws: SystemError.self) {
            try folder.renameWithoutReplacing(Array("a".utf8), to: Array("b".utf8), in: folder)
        }
        #expect(error?.isExists == true)
        #expect(try AtomicFile.read(directory.file("b")) == Array("b".utf8))
        try folder.exchange(Array("a".utf8), with: Array("b".utf8), in: folder)
        #expect(try AtomicFile.read(directory.file("b")) == Array("a".utf8))
    }

    @Test func theErrorOfASystemCallSaysWhatWhereAndWhatNext() throws {
        let error = #expect(throws: SystemError.self) { _ = try Descriptor.open(directory.file("none"), .read) }
        let failure = try #require(error).failure
        #expect(failure.message == "cannot open \(directory.file("none"))")
        #expect(failure.cause == "No such file or directory")
        #expect(failure.hint != nil)
        #expect(SystemError(ENOSPC, "write", "/x").failure.code == .space)
    }
}
