import Archiving
import Glibc
import HostIO
import Model
import ResticFormat
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct TrustedContentTests {
    private let folder: TemporaryDirectory
    private let fixture: ArchiveFixture
    private let path: String
    private let image: ArchiveOutcome

    /// Two files that hold other bytes than the image, with its sizes and times: only their times of change tell.
    init() throws {
        folder = try TemporaryDirectory()
        fixture = try ArchiveFixture()
        path = try folder.folder("tree")
        for name in ["one", "two"] { try writeFile("\(path)/\(name)", "\(name) before") }
        image = try fixture.archive(path)
        try shell("cd '\(path)'; for f in one two; do cp -p $f ../kept; printf \"$f AFTER!\" > $f; touch -r ../kept $f; done")
    }

    /// Names of the files that a restore would replace.
    private func replaced(before: Timestamp, changed: Set<[BlobID]> = []) throws -> [String] {
        let trusted = TrustedContent(before: before, changed: changed)
        let plan = try fixture.restore(of: image, to: path, options: .init(trusted: trusted)).plan(job: JobControl())
        #expect(plan.replaced == plan.examples.count)
        return plan.examples.map { String($0.split { $0 == " " || $0 == "/" }.last ?? "") }.sorted()
    }

    private func timeOfChange(_ name: String) throws -> Timestamp {
        let status = try #require(try statusOfPath("\(path)/\(name)"))
        return Timestamp(seconds: status.changed.seconds, nanoseconds: status.changed.nanoseconds)
    }

    @Test func `a file is not read when nobody has written to it since, and its content is not among what changed`() throws {
        let now = SystemClock().now()
        #expect(try replaced(before: now.adding(seconds: 60)) == [], "this proves that nothing is read")
        let two = try #require(try fixture.nodes(image.tree).first { $0.name == Array("two".utf8) }?.content)
        #expect(try replaced(before: now.adding(seconds: 60), changed: [two]) == ["two"])
        #expect(try replaced(before: now.adding(seconds: -60)) == ["one", "two"], "times can be set back, times of change cannot")
        try shell("touch '\(path)/one'")
        #expect(try replaced(before: now.adding(seconds: 60)) == ["one"])
        try shell("printf 'more than before' > '\(path)/two'")
        #expect(try replaced(before: now.adding(seconds: 60)) == ["one", "two"])
    }

    @Test func `a file that was written to within the same tick as the comparison is read`() throws {
        let last = try ["one", "two"].map(timeOfChange).max() ?? .init(seconds: 0)
        #expect(try replaced(before: last).contains("two"))
        #expect(try replaced(before: last.adding(seconds: 1)) == [])
        let root = try Descriptor.openDirectory(path)
        for _ in 0..<500 {
            let now = try root.moveTimeOfChange()
            try writeFile("\(path)/one", "one within")
            #expect(try timeOfChange("one") >= now)
        }
    }
}
