import Archiving
import DirectoryStore
import HostIO
import Model
import StoreContract
import TestSupport
import Testing

@Suite struct DirectoryCaptureTests {
    @Test(
        "a btrfs subvolume gives exact images, a directory on btrfs or XFS clones, another file system none",
        arguments: DirectoryFixture.Place.available)
    func method(place: DirectoryFixture.Place) throws {
        let fixture = try DirectoryFixture(place)
        try fixture.fill()
        let status = try fixture.store.open()
        let capture = try capture(fixture, "a")
        #expect(status.nativeImages == capture.native)
        switch place {
        case .btrfsSubvolume:
            #expect(capture.native && capture.precision == .exact && capture.facts["native-image-by"] == "btrfs snapshot")
        case .btrfsDirectory, .xfs:
            #expect(capture.native && capture.precision == .fuzzy && capture.facts["native-image-by"] == "reflink clone")
        case .plain:
            #expect(!status.nativeImages || capture.native)
        }
    }

    @Test("a clone shares its blocks with the store", arguments: DirectoryFixture.Place.mounted)
    func space(place: DirectoryFixture.Place) throws {
        let fixture = try DirectoryFixture(place)
        try fixture.fill()
        var random = SeededRandom(named: "clone space")
        try AtomicFile.write(random.bytes(40 << 20), to: Path.join(fixture.path, "big"))
        try DirectoryFixture.run(["sync", "-f", fixture.path])
        let folder = try Descriptor.openDirectory(Path.parent(fixture.path))
        let before = try folder.space().free
        let capture = try capture(fixture, "a")
        _ = try fixture.store.image(of: capture, job: JobControl())
        let after = try folder.space().free
        #expect(Int64(before) - Int64(after) < 10 << 20)
    }

    @Test("storage on another file system, a mount or a subvolume inside the store: archived, and the reason is told")
    func reasons() throws {
        guard canMount("reasons against native images") else { return }
        let fixture = try DirectoryFixture(.btrfsSubvolume)
        try fixture.fill()
        let elsewhere = DirectoryStore(fixture.store.declaration, nativeImageFolder: fixture.home.file("images"), host: .forTests())
        #expect(try !elsewhere.open().nativeImages)
        #expect(try elsewhere.open().imageReason.contains("another file system"))
        let none = DirectoryStore(fixture.store.declaration, nativeImageFolder: nil, host: .forTests())
        #expect(try none.open().imageReason.contains("not a local directory"))
        try DirectoryFixture.run(["btrfs", "-q", "subvolume", "create", Path.join(fixture.path, "inner")])
        #expect(try fixture.store.open().facts["native-images-by"] == "reflink clone", "a snapshot would leave the inner subvolume out")
        try makeDirectories(Path.join(fixture.path, "mounted here"))
        try DirectoryFixture.run(["mount", "-t", "tmpfs", "tmpfs", Path.join(fixture.path, "mounted here")])
        defer { try? DirectoryFixture.run(["umount", Path.join(fixture.path, "mounted here")]) }
        let status = try fixture.store.open()
        #expect(!status.nativeImages && status.imageReason.contains("mounted here"))
        try fixture.write("mounted here/precious", "not ours to delete")
        let error = try #require(throws: (any Error).self) { try fixture.store.destroy(job: JobControl()) }
        #expect(Failure(describing: error).code == .refused)
        #expect(try statusOfPath(Path.join(fixture.path, "mounted here/precious")) != nil)
        #expect(try statusOfPath(Path.join(fixture.path, "a.txt")) != nil)
    }

    @Test("without a native image, what changes after the cut is counted while it is archived")
    func changesAfterTheCut() throws {
        let fixture = try DirectoryFixture(.plain)
        try fixture.fill()
        let folder = fixture.home.file("capture")
        try makeDirectories(folder)
        sleepThread(for: .milliseconds(20))
        let capture = try fixture.store.capture(CaptureRequest(imageID: "a", nativeImageFolder: nil, scratch: folder))
        #expect(!capture.native && capture.precision == .fuzzy)
        let image = try fixture.store.image(of: capture, job: JobControl())
        sleepThread(for: .milliseconds(20))
        try fixture.write("later", "x")
        try fixture.write("reports/2026/q1.csv", "changed later")
        #expect(image.changes?.count == 0)
        _ = try ImageRepository().archive(image)
        #expect(image.changes?.count == 2)
    }

    @Test(
        "a clone that takes too long is given up and the files are archived",
        arguments: DirectoryFixture.Place.mounted.filter { $0 != .btrfsSubvolume })
    func tooLong(place: DirectoryFixture.Place) throws {
        let fixture = try DirectoryFixture(place)
        try fixture.fill()
        let hurried = DirectoryStore(fixture.store.declaration, nativeImageFolder: fixture.images, host: .forTests(clock: RacingClock()))
        let capture = try hurried.capture(
            CaptureRequest(imageID: "a", nativeImageFolder: fixture.images, scratch: fixture.home.folder("capture")))
        #expect(!capture.native && capture.facts["archived-because"]?.contains("longer") == true)
        #expect(try hurried.nativeImages().isEmpty)
    }

    @Test("a store of very many files is not cloned", .enabled(if: DirectoryFixture.Place.mounted.contains(.xfs)))
    func tooMany() throws {
        let fixture = try DirectoryFixture(.xfs)
        try fixture.fill()
        let folder = try Descriptor.openDirectory(fixture.path)
        for index in 0..<20_001 { _ = try folder.open(Array("f\(index)".utf8), [.write, .createNew]) }
        let status = try fixture.store.open()
        #expect(!status.nativeImages && status.imageReason.contains("20000 files"))
        let capture = try capture(fixture, "a")
        #expect(!capture.native && capture.facts["archived-because"] == status.imageReason)
    }

    @Test("what an interrupted capture left is listed and can be removed", arguments: DirectoryFixture.Place.mounted)
    func orphan(place: DirectoryFixture.Place) throws {
        let fixture = try DirectoryFixture(place)
        try fixture.fill()
        try makeDirectories(Path.join(fixture.images, "x.partial/below"))
        _ = try capture(fixture, "y")
        #expect(try fixture.store.nativeImages() == ["x.partial", "y"])
        #expect(throws: (any Error).self) { try fixture.store.openNativeImage("x.partial") }
        for id in try fixture.store.nativeImages() { try fixture.store.removeNativeImage(id) }
        #expect(try Descriptor.openDirectory(fixture.images).isEmptyDirectory())
        for id in ["..", ".", "a/b", ""] {
            try fixture.store.removeNativeImage(id)
            #expect(throws: (any Error).self) { try fixture.store.openNativeImage(id) }
        }
        #expect(try statusOfPath(fixture.images) != nil)
    }

    private func capture(_ fixture: DirectoryFixture, _ id: String) throws -> Capture {
        try fixture.store.capture(
            CaptureRequest(imageID: id, nativeImageFolder: fixture.images, scratch: fixture.home.folder("capture-\(id)")))
    }
}

/// Ten seconds pass between any two looks.
private final class RacingClock: WallClock {
    private let manual = ManualClock()

    func now() -> Timestamp { manual.now() }

    func monotonicNanoseconds() -> UInt64 {
        manual.advance(by: .seconds(10))
        return manual.monotonicNanoseconds()
    }
}
