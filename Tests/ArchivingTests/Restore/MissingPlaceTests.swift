import Archiving
import HostIO
import ResticFormat
import TestSupport
import Testing

/// Places that are not there.
@Suite(.timeLimit(.minutes(1))) struct MissingPlaceTests {
    @Test func `an image without entries makes a place that is not there, with its metadata, and is then equal`() throws {
        let folder = try TemporaryDirectory()
        let fixture = try ArchiveFixture()
        let path = folder.file("not/there")
        let image = try fixture.archive(CraftedSource([]) { $0.mode = 0o2711 })
        let restore = fixture.restore(of: image, to: path)
        let plan = try restore.plan(job: JobControl())
        #expect(plan.makesPlace && !plan.isEmpty && plan.created == 0)
        let done = try restore.apply(plan, job: JobControl())
        #expect(done.issues == [] && done.entriesChanged == 1)
        #expect(try statusOfPath(path)?.kind == .directory)
        let again = try restore.plan(job: JobControl())
        #expect(again.isEmpty && !again.makesPlace)
    }
}
