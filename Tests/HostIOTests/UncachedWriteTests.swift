import Glibc
import HostIO
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct UncachedWriteTests {
    /// Sizes of the first part around what is written directly, and where its memory begins.
    @Test(arguments: [0, 1, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 4095], [0, 16])
    func whatIsWrittenIsWhatIsRead(count: Int, offset: Int) throws {
        for parent in [nil, "/dev/shm"] {
            let directory = try TemporaryDirectory(in: parent)
            try expectSame(in: directory.path, count: count, offset: offset)
            withExtendedLifetime(directory) {}
        }
    }

    @Test(.enabled(if: canMount("writing past the cache of btrfs and XFS")), arguments: [FileSystemKind.btrfs, .xfs])
    func everyFileSystemTakesIt(kind: FileSystemKind) throws {
        let mounted = try MountedFileSystem.loop(kind, megabytes: 320)
        try expectSame(in: mounted.path, count: (5 << 20) + 12_345, offset: 0)
    }

    @Test(.enabled(if: canMount("filling a disk past its cache"))) func aFullDiskIsAnError() throws {
        let mounted = try MountedFileSystem.loop(.ext4, megabytes: 8)
        let error = #expect(throws: SystemError.self) { try expectSame(in: mounted.path, count: 16 << 20, offset: 0) }
        #expect(error?.errno == ENOSPC)
    }

    private func expectSame(in folder: String, count: Int, offset: Int) throws {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count + offset, alignment: 4096)
        defer { memory.deallocate() }
        for (index, start) in stride(from: 0, to: memory.count, by: 512).enumerated() {
            let block = UnsafeMutableRawBufferPointer(rebasing: memory[start..<min(start + 512, memory.count)])
            _ = block.initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: index &* 7))
        }
        let tail = [UInt8](repeating: 0x5a, count: 777)
        let body = UnsafeRawBufferPointer(rebasing: memory[offset...])
        let file = try Descriptor.open("\(folder)/file", [.readWrite, .createNew])
        try tail.withUnsafeBytes { try file.writeUncached([body, $0]) }
        try file.sync()
        try file.seek(to: 0)
        #expect(try file.readAll() == Array(body) + tail)
    }
}
