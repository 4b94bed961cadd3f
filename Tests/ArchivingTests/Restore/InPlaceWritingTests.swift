import Archiving
import Glibc
import HostIO
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct InPlaceWritingTests {
    private let folder: TemporaryDirectory
    private let fixture: ArchiveFixture
    private let path: String

    init() throws {
        folder = try TemporaryDirectory()
        fixture = try ArchiveFixture()
        path = try folder.folder("files")
    }

    private func restore(_ outcome: ArchiveOutcome) throws -> (plan: TreeRestorePlan, outcome: TreeRestoreOutcome) {
        let restore = fixture.restore(of: outcome, to: path, options: .init(writesInPlace: true))
        let plan = try restore.plan(job: JobControl())
        return (plan, try restore.apply(plan, job: JobControl()))
    }

    private func overwrite(_ name: String, at offset: Int64, _ bytes: [UInt8]) throws {
        let file = try Descriptor.open("\(path)/\(name)", .readWrite)
        try file.seek(to: offset)
        try file.write(bytes)
    }

    @Test func `of a file of many pages only those that differ are written, into the file itself`() throws {
        var random = SeededRandom(named: "pages")
        try writeFile("\(path)/big", random.bytes(20 << 20))
        try writeFile("\(path)/other", random.bytes(3 << 20))
        let image = try fixture.archive(path, shape: .fixed(bytes: 64 << 10))
        let before = try TreePortrait.of(path)
        let number = try inode("\(path)/big")
        let page: Int64 = 8192
        for changed in [3, 4, 900, 2559] as [Int64] { try overwrite("big", at: changed * page + 17, [1, 2, 3]) }
        let (plan, outcome) = try restore(image)
        #expect(plan.replaced == 1 && plan.bytesToWrite == 3 * 64 << 10, "three blobs: \(plan)")
        #expect(outcome.bytesWritten == UInt64(4 * page), "\(outcome)")
        #expect(try TreePortrait.of(path) == before)
        #expect(try inode("\(path)/big") == number)
        #expect(try fixture.restore(of: image, to: path).plan(job: JobControl()).isEmpty)
    }

    @Test(arguments: [0, 1, 70_000, (3 << 20) - 5, (3 << 20) + 5, 5 << 20])
    func `a file that was shortened or has grown is the image's again`(_ size: Int) throws {
        var random = SeededRandom(named: "sizes")
        // With a long hole.
        try writeFile("\(path)/file", random.bytes(1 << 20) + [UInt8](repeating: 0, count: 1 << 20) + random.bytes(1 << 20))
        let image = try fixture.archive(path, shape: .fixed(bytes: 64 << 10))
        let before = try TreePortrait.of(path)
        try Descriptor.open("\(path)/file", .readWrite).truncate(to: Int64(size))
        if size > 3 << 20 { try overwrite("file", at: 3 << 20, random.bytes(size - (3 << 20))) }
        let (_, outcome) = try restore(image)
        #expect(try TreePortrait.of(path) == before)
        let missing: Int = max(0, (3 << 20) - size)
        #expect(outcome.bytesWritten <= UInt64(missing + 2 * 8192), "\(outcome)")
    }

    @Test func `what cannot be written into is made anew`() throws {
        for name in ["linked", "kind", "gone", "hole"] { try writeFile("\(path)/\(name)", [UInt8](repeating: 7, count: 300_000)) }
        let image = try fixture.archive(path, shape: .fixed(bytes: 64 << 10))
        let before = try TreePortrait.of(path)
        let outside = folder.file("outside")
        try writeFile(outside, [UInt8](repeating: 8, count: 300_000))
        try shell("cd '\(path)'; rm linked kind; ln '\(outside)' linked; ln -s '\(outside)' kind")
        try overwrite("hole", at: 0, [1])
        try overwrite("gone", at: 5, [1])
        let restore = fixture.restore(of: image, to: path, options: .init(writesInPlace: true))
        let plan = try restore.plan(job: JobControl())
        try shell("rm '\(path)/gone'")
        let outcome = try restore.apply(plan, job: JobControl())
        #expect(outcome.issues.isEmpty, "\(outcome)")
        #expect(try TreePortrait.of(path) == before)
        #expect(try readFile(outside) == [UInt8](repeating: 8, count: 300_000), "another name of the file keeps its content")
    }
}
