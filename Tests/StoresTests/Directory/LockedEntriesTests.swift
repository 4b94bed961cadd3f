import Archiving
import DirectoryStore
import HostIO
import Model
import StoreContract
import TestSupport
import Testing

/// Entries that nobody may change or remove, by flags of their inodes or because their subvolume may only be read.
@Suite struct LockedEntriesTests {
    /// Flags in a temporary directory, lifted when it goes.
    private final class Sealed: Sendable {
        let fixture: DirectoryFixture
        init(_ place: DirectoryFixture.Place) throws {
            fixture = try DirectoryFixture(place)
            try fixture.fill()
            try fixture.write("log", "line\n")
            try makeDirectories(Path.join(fixture.path, "sealed"), mode: 0o755)
            try fixture.write("sealed/a", "a")
        }

        func lock() throws { try change(["chattr", "+i", "sealed/a", "sealed"], ["chattr", "+a", "log"]) }
        func unlock() throws { try change(["chattr", "-R", "-i", "-a", "sealed", "log"]) }

        private func change(_ commands: [String]...) throws {
            for command in commands {
                try DirectoryFixture.run(command.map { $0.hasPrefix("sealed") || $0 == "log" ? Path.join(fixture.path, $0) : $0 })
            }
        }

        deinit { _ = try? ChildProcess(["chattr", "-R", "-f", "-i", "-a", fixture.path]).run() }
    }

    private static let places: [DirectoryFixture.Place] = isRoot ? DirectoryFixture.Place.available : []

    private func archive(_ fixture: DirectoryFixture, _ id: String) throws -> (outcome: ArchiveOutcome, tree: ArchivedTree) {
        let capture = try fixture.store.capture(
            CaptureRequest(imageID: id, nativeImageFolder: nil, scratch: fixture.home.folder("capture-\(id)")))
        return try ImageRepository().archive(try fixture.store.image(of: capture, job: JobControl()))
    }

    @Test("flags are not kept, and that is told once", arguments: places)
    func told(place: DirectoryFixture.Place) throws {
        let sealed = try Sealed(place)
        try sealed.lock()
        let outcome = try archive(sealed.fixture, "a").outcome
        let told = outcome.issues.filter { $0.kind == .leftOut }
        #expect(outcome.issueCount == 1 && told.count == 1)
        #expect(told.first?.detail.contains("and 2 more have inode flags (append-only, immutable)") == true, "\(told)")
        #expect(try sealed.fixture.store.open().notes.contains { $0.contains("flags of inodes") && $0.contains("sealed") })
    }

    @Test("deleting finds them before anything is removed, and says what lifts them", arguments: places)
    func destroying(place: DirectoryFixture.Place) throws {
        let sealed = try Sealed(place)
        try sealed.lock()
        let before = try sealed.fixture.content()
        let error = try #require(throws: (any Error).self) { try sealed.fixture.store.destroy(job: JobControl()) }
        let failure = Failure(describing: error)
        let path = sealed.fixture.path
        #expect(failure.code == .refused && failure.message.contains("3 entries"))
        for name in ["log", "sealed", "sealed/a"] {
            #expect(failure.message.contains("\(path)/\(name) (") && failure.hint?.contains("chattr -R -i -a \(path)/\(name)") == true)
        }
        #expect(try sealed.fixture.content() == before)
        try sealed.unlock()
        try sealed.fixture.store.destroy(job: JobControl())
        #expect(try Descriptor.openDirectory(path).isEmptyDirectory())
    }

    @Test("a restore that would remove them names them and removes the rest", arguments: places)
    func restoring(place: DirectoryFixture.Place) throws {
        let sealed = try Sealed(place)
        let fixture = sealed.fixture
        let before = try archive(fixture, "a").tree
        try makeDirectories(Path.join(fixture.path, "new/below"), mode: 0o755)
        for name in ["new/locked", "new/below/x", "new/free"] { try fixture.write(name, name) }
        try DirectoryFixture.run(["chattr", "+i", Path.join(fixture.path, "new/locked")])
        let restore = TreeRestore(image: .archived(before), destination: fixture.path, host: .forTests())
        let outcome = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        #expect(outcome.issues.contains { "\($0.path): \($0.detail)".contains("new/locked: it is immutable") }, "\(outcome.issues)")
        #expect(try statusOfPath(Path.join(fixture.path, "new/free")) == nil)
        #expect(try statusOfPath(Path.join(fixture.path, "new/below")) == nil)
        #expect(try statusOfPath(Path.join(fixture.path, "new/locked")) != nil)
    }

    @Test(
        "subvolumes inside: removed where they may be, named where they may not",
        .enabled(if: DirectoryFixture.Place.mounted.contains(.btrfsSubvolume)))
    func subvolumes() throws {
        let fixture = try DirectoryFixture(.btrfsSubvolume)
        try fixture.fill()
        let before = try archive(fixture, "a").tree
        let (inner, readOnly) = (Path.join(fixture.path, "inner"), Path.join(fixture.path, "ro"))
        try DirectoryFixture.run(["btrfs", "-q", "subvolume", "create", inner])
        try fixture.write("inner/i", "i")
        try DirectoryFixture.run(["btrfs", "-q", "subvolume", "snapshot", "-r", inner, readOnly])
        let status = try fixture.store.open()
        #expect(status.imageReason.contains("subvolumes inside the store (") && status.imageReason.contains("inner"))
        let during = try archive(fixture, "b")
        #expect(during.outcome.issueCount == 0)
        #expect(try ImageTree.archived(during.tree).bytes(of: ["ro", "i"]) == Array("i".utf8))
        let error = try #require(throws: (any Error).self) { try fixture.store.destroy(job: JobControl()) }
        #expect(Failure(describing: error).code == .refused)
        #expect(Failure(describing: error).hint?.contains("btrfs property set \(readOnly) ro false") == true)
        let restore = TreeRestore(image: .archived(before), destination: fixture.path, host: .forTests())
        let outcome = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        #expect(outcome.issueCount == 1)
        #expect(
            outcome.issues.contains { "\($0.path): \($0.detail)".contains("ro: it is a read-only btrfs subvolume") }, "\(outcome.issues)")
        #expect(try statusOfPath(inner) == nil && statusOfPath(Path.join(readOnly, "i")) != nil)
        try DirectoryFixture.run(["btrfs", "property", "set", readOnly, "ro", "false"])
        try fixture.store.destroy(job: JobControl())
        #expect(try Descriptor.openDirectory(fixture.path).isEmptyDirectory())
    }
}
