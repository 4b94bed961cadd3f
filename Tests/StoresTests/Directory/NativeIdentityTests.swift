import Archiving
import DirectoryStore
import Glibc
import HostIO
import Model
import ResticFormat
import StoreContract
import TestSupport
import Testing

/// Which files of an image are those of an earlier one, when size and time of modification say so of all of them.
@Suite struct NativeIdentityTests {
    private static let old = Timestamp(seconds: 1_600_000_000)

    /// So far ahead that what was written just now may not change unseen.
    private final class AheadClock: WallClock {
        private let system = SystemClock()
        func now() -> Timestamp { system.now().adding(seconds: 60) }
        func monotonicNanoseconds() -> UInt64 { system.monotonicNanoseconds() }
    }

    private func fixture(_ place: DirectoryFixture.Place, clock: any WallClock = AheadClock()) throws -> DirectoryFixture {
        let fixture = try DirectoryFixture(place, clock: clock)
        try fixture.fill()
        for name in ["vault", "replaced", "linked"] { try put(String(repeating: "v", count: 100_000), name, fixture) }
        let root = try Descriptor.openDirectory(fixture.path)
        try root.link(Array("linked".utf8), to: Array("other name".utf8), in: try root.openDirectory(Array("reports".utf8)))
        return fixture
    }

    /// Written into the file itself; its time of modification is put back.
    private func put(_ text: String, _ name: String, _ fixture: DirectoryFixture) throws {
        let file = try Descriptor.open(Path.join(fixture.path, name), [.readWrite, .create], mode: 0o644)
        try Array(text.utf8).withUnsafeBytes { try file.write($0, at: 0) }
        try file.setTimes(accessed: Self.old, modified: Self.old)
    }

    private func image(_ fixture: DirectoryFixture, _ id: String) throws -> (capture: Capture, image: CapturedImage) {
        let capture = try fixture.store.capture(
            CaptureRequest(imageID: id, nativeImageFolder: fixture.images, scratch: fixture.home.folder("capture-\(id)")))
        return (capture, try fixture.store.image(of: capture, job: JobControl()))
    }

    private func tree(_ image: CapturedImage) -> ImageTree { .source(image.source) }

    private func changes(_ old: ImageTree, _ new: ImageTree) throws -> [String] {
        var lines: [String] = []
        try TreeDiff(from: old, to: new).run(job: JobControl()) { if $0.type == .file { lines.append("\($0.kind.rawValue) \($0.path)") } }
        return lines.sorted()
    }

    private func bytes(_ path: [String], of tree: ArchivedTree) throws -> [UInt8]? { try ImageTree.archived(tree).bytes(of: path) }

    @Test(
        "a clone that has lost files, or whose files were written to, is not taken for its store",
        arguments: DirectoryFixture.Place.available)
    func loss(place: DirectoryFixture.Place) throws {
        for number in 0..<4 {
            let fixture = try fixture(place, clock: SystemClock())
            let made = try image(fixture, "a")
            guard made.capture.native else { return }
            let inside = Path.join(fixture.images, "a")
            guard try !Descriptor.openDirectory(inside).isSubvolume() else { return }
            _ = try fixture.store.openNativeImage("a")
            // Rights say nothing of the content.
            try DirectoryFixture.run(["chmod", "u+rwX", "-R", inside])
            _ = try fixture.store.openNativeImage("a")
            switch number {
            case 0: try DirectoryFixture.run(["rm", Path.join(inside, "vault")])
            case 1: try DirectoryFixture.run(["rm", "-r", Path.join(inside, "reports")])
            case 2: try DirectoryFixture.run(["truncate", "-s", "0", Path.join(inside, "vault")])
            default: try DirectoryFixture.run(["rm", Path.join(inside, "reports/other name")])
            }
            let failure = Failure(describing: try #require(throws: (any Error).self) { try fixture.store.openNativeImage("a") })
            #expect(failure.code == .damaged && failure.message.contains("is not what was kept"), "\(number): \(failure)")
        }
    }

    @Test("inode flags of what was cloned are named", arguments: isRoot ? DirectoryFixture.Place.available : [])
    func flags(place: DirectoryFixture.Place) throws {
        let fixture = try fixture(place)
        let file = Path.join(fixture.path, "vault")
        try DirectoryFixture.run(["chattr", "+i", file])
        defer { _ = try? ChildProcess(["chattr", "-i", file]).run() }
        let made = try image(fixture, "a")
        guard made.capture.native, try !Descriptor.openDirectory(Path.join(fixture.images, "a")).isSubvolume() else {
            return
        }
        let told = made.image.seen.notes.first { $0.flaw == .leftOut }
        #expect(told?.count == 1 && told?.first.first?.contains("vault") == true, "\(made.image.seen.notes)")
    }

    @Test(
        "content that changed while size and time of modification stayed is in the next backup", arguments: DirectoryFixture.Place.available
    )
    func changed(place: DirectoryFixture.Place) throws {
        let fixture = try fixture(place)
        let repository = try ImageRepository()
        let before = try image(fixture, "a")
        let first = try repository.archive(before.image)
        try put("CHANGED", "vault", fixture)
        try put("CHANGED", "linked", fixture)
        try put("another file", "new", fixture)
        try Descriptor.openDirectory(fixture.path).rename(Array("new".utf8), to: Array("replaced".utf8))
        try put(String(repeating: "w", count: 100_000), "replaced", fixture)
        let after = try image(fixture, "b")
        let second = try repository.archive(after.image, parent: first.tree)
        for name in [["vault"], ["linked"], ["reports", "other name"]] {
            #expect(try bytes(name, of: second.tree)?.starts(with: Array("CHANGED".utf8)) == true, "\(name)")
        }
        #expect(try bytes(["replaced"], of: second.tree)?.first == UInt8(ascii: "w"))
        #expect(second.outcome.totals.filesUnchanged == second.outcome.totals.files - 4, "what did not change is not read")
        if before.capture.native {
            let expected = ["changed linked", "changed replaced", "changed reports/other name", "changed vault"]
            #expect(try changes(tree(before.image), tree(after.image)) == expected)
            #expect(try changes(.archived(first.tree), tree(after.image)) == expected)
            #expect(try changes(tree(before.image), .archived(second.tree)) == expected)
        }
    }

    @Test("an image of another kind has the same files: nothing is read again", arguments: DirectoryFixture.Place.mounted)
    func otherKind(place: DirectoryFixture.Place) throws {
        let fixture = try fixture(place)
        let repository = try ImageRepository()
        let live = try fixture.store.capture(
            CaptureRequest(imageID: "live", nativeImageFolder: nil, scratch: fixture.home.folder("capture-live")))
        let first = try repository.archive(try fixture.store.image(of: live, job: JobControl()))
        let native = try image(fixture, "a")
        #expect(native.capture.native)
        let second = try repository.archive(native.image, parent: first.tree)
        #expect(second.outcome.totals.filesUnchanged == second.outcome.totals.files && second.outcome.totals.bytesRead == 0)
        let again = try repository.archive(
            CapturedImage(source: try fixture.store.openNativeImage("a"), shape: .contentDefined), parent: second.tree)
        #expect(again.tree.id == second.tree.id)
        #expect(try changes(.archived(first.tree), tree(native.image)) == [])
    }

    @Test("only metadata changed: the content is compared and found the same", arguments: DirectoryFixture.Place.mounted)
    func metadata(place: DirectoryFixture.Place) throws {
        let fixture = try fixture(place)
        let before = try image(fixture, "a")
        try Descriptor.open(Path.join(fixture.path, "vault"), .read).setMode(0o600)
        try FileTimes.touch(Path.join(fixture.path, "replaced"))
        let after = try image(fixture, "b")
        #expect(try changes(tree(before.image), tree(after.image)) == ["metadata replaced", "metadata vault"])
    }

    @Test("an image without a note, or with one that nobody can read, proves nothing", arguments: DirectoryFixture.Place.mounted)
    func withoutNote(place: DirectoryFixture.Place) throws {
        let fixture = try fixture(place)
        let repository = try ImageRepository()
        let first = try repository.archive(try image(fixture, "a").image)
        let note = Path.join(fixture.images, "a.origins")
        #expect(try fixture.store.nativeImages() == ["a"])
        let bytes = try AtomicFile.read(note)
        for damaged in [bytes.map { _ in 0xFF }, Array(bytes.prefix(20)), []] {
            try AtomicFile.write(damaged, to: note)
            #expect(try read(fixture, repository, first.tree) == 0)
        }
        try removeTree(note)
        #expect(try read(fixture, repository, first.tree) == 0)
        try AtomicFile.write(bytes, to: note)
        #expect(try read(fixture, repository, first.tree) > 0)
        try fixture.store.removeNativeImage("a")
        #expect(try Descriptor.openDirectory(fixture.images).isEmptyDirectory())
        try AtomicFile.write(bytes, to: note)
        #expect(try fixture.store.nativeImages() == ["a"])
        try fixture.store.removeNativeImage("a")
        #expect(try Descriptor.openDirectory(fixture.images).isEmptyDirectory())
    }

    /// How many files of image `a` are taken over.
    private func read(_ fixture: DirectoryFixture, _ repository: ImageRepository, _ parent: ArchivedTree) throws -> UInt64 {
        let image = CapturedImage(source: try fixture.store.openNativeImage("a"), shape: .contentDefined)
        return try repository.archive(image, parent: parent).outcome.totals.filesUnchanged
    }

    @Test("what was written in the tick of the image is read again", arguments: DirectoryFixture.Place.mounted)
    func young(place: DirectoryFixture.Place) throws {
        let fixture = try fixture(place, clock: SystemClock())
        let repository = try ImageRepository()
        let first = try repository.archive(try image(fixture, "a").image)
        #expect(try read(fixture, repository, first.tree) == 0)
    }

    @Test(
        "a clone that somebody wrote to is not taken for the original",
        arguments: [DirectoryFixture.Place.xfs].filter(DirectoryFixture.Place.mounted.contains))
    func writtenClone(place: DirectoryFixture.Place) throws {
        let fixture = try fixture(place)
        let repository = try ImageRepository()
        let first = try repository.archive(try image(fixture, "a").image)
        let clone = Path.join(fixture.images, "a/vault")
        let file = try Descriptor.open(clone, [.readWrite])
        try Array("CHANGED".utf8).withUnsafeBytes { try file.write($0, at: 0) }
        try file.setTimes(accessed: Self.old, modified: Self.old)
        let image = CapturedImage(source: try fixture.store.openNativeImage("a"), shape: .contentDefined)
        let second = try repository.archive(image, parent: first.tree)
        #expect(try bytes(["vault"], of: second.tree)?.starts(with: Array("CHANGED".utf8)) == true)
        #expect(second.outcome.totals.filesUnchanged == second.outcome.totals.files - 1)
    }
}

private enum FileTimes {
    static func touch(_ path: String) throws {
        let now = SystemClock().now()
        try Descriptor.open(path, .read).setTimes(accessed: now, modified: now)
    }
}
