import Archiving
import DirectoryStore
import Glibc
import HostIO
import Model
import StoreContract
import TestSupport
import Testing

@Suite struct DirectoryStoreTests {
    @Test("a file in place of the directory, and a directory that may not be read, are failures of the store")
    func unreadable() throws {
        let fixture = try DirectoryFixture(.plain)
        try AtomicFile.write([1], to: fixture.path)
        let error = try #require(throws: (any Error).self) { try fixture.store.open() }
        #expect(Failure(describing: error).code == .store)
    }

    @Test("destroying empties the directory, follows no symlink and leaves the directory")
    func destroying() throws {
        let fixture = try DirectoryFixture(.plain)
        try fixture.fill()
        let outside = try fixture.home.folder("outside")
        try AtomicFile.write([1], to: Path.join(outside, "precious"))
        try Descriptor.openDirectory(fixture.path).makeSymlink(Array("way out".utf8), to: Array(outside.utf8))
        try fixture.store.destroy(job: JobControl())
        #expect(try Descriptor.openDirectory(fixture.path).isEmptyDirectory())
        #expect(try statusOfPath(Path.join(outside, "precious")) != nil)
    }

    @Test("lost+found of a mounted file system is not part of the store")
    func lostAndFound() throws {
        guard canMount("a store that is the root of a file system") else { return }
        let mount = try MountedFileSystem.loop(.ext4, megabytes: 32)
        let store = DirectoryStore(
            StoreDeclaration(name: "uploads", kind: .directory, role: .content, path: mount.path), nativeImageFolder: nil, host: .forTests()
        )
        #expect(try store.isEmpty())
        try AtomicFile.write([1], to: Path.join(mount.path, "file"))
        #expect(try !store.isEmpty())
        let scratch = try TemporaryDirectory()
        let capture = try store.capture(CaptureRequest(imageID: "a", nativeImageFolder: nil, scratch: scratch.path))
        let archived = try ImageRepository().archive(try store.image(of: capture, job: JobControl()))
        #expect(archived.outcome.totals.files == 1 && archived.outcome.totals.directories == 0)
        try store.destroy(job: JobControl())
        #expect(try store.isEmpty())
        #expect(try statusOfPath(Path.join(mount.path, "lost+found")) != nil)
    }

    @Test("mount points are read as the kernel writes them")
    func escapes() throws {
        guard canMount("mount points with spaces") else { return }
        let home = try TemporaryDirectory()
        let place = try home.folder("with space\tand tab/inner")
        try DirectoryFixture.run(["mount", "-t", "tmpfs", "tmpfs", place])
        defer { try? DirectoryFixture.run(["umount", place]) }
        let store = DirectoryStore(
            StoreDeclaration(name: "uploads", kind: .directory, role: .content, path: home.path), nativeImageFolder: nil, host: .forTests())
        let error = try #require(throws: (any Error).self) { try store.destroy(job: JobControl()) }
        #expect(Failure(describing: error).message.contains("with space\tand tab/inner"))
    }

    @Test("a reduced directory says how many files and bytes are left out")
    func reduced() throws {
        let fixture = try DirectoryFixture(.plain)
        try fixture.fill()
        let scratch = try ScratchDirectory(in: fixture.scratchParent)
        let capture = try fixture.store.capture(CaptureRequest(imageID: "a", nativeImageFolder: nil, scratch: scratch.path))
        let kept = try ImageRepository().archive(try fixture.store.image(of: capture, job: JobControl()))
        guard
            case .directoriesOnly(let reload) = try fixture.store.reduce(
                .archived(kept.tree), to: .structure, scratch: scratch, job: JobControl())
        else {
            Issue.record("not directories only")
            return
        }
        #expect(reload.map(\.what) == ["files below \(fixture.path)"])
        #expect(reload.first?.count == kept.outcome.totals.files + kept.outcome.totals.others)
        #expect(reload.first?.bytes == kept.outcome.totals.bytes)
    }
}
