import Archiving
import Glibc
import HostIO
import Model
import ResticFormat
import TestSupport
import Testing

/// Entries that give rights to whoever uses them.
@Suite(.timeLimit(.minutes(1)), .enabled(if: isRoot)) struct PrivilegesTests {
    private let folder: TemporaryDirectory
    private let fixture: ArchiveFixture
    private let path: String
    private let image: ArchiveOutcome

    init() throws {
        folder = try TemporaryDirectory()
        fixture = try ArchiveFixture()
        path = try folder.folder("tree")
        try shell(
            """
            cd '\(path)'; mkdir bin shared; chmod 2775 shared
            echo s > bin/su; chmod 4755 bin/su; echo g > bin/wall; chmod 2755 bin/wall; echo p > plain
            mknod null c 1 3; mknod disk b 8 1; mkfifo pipe; mknod whiteout c 0 0
            echo c > cap; setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 cap
            setfattr -n trusted.t -v 1 shared; setfattr -n user.u -v 1 plain
            """)
        image = try fixture.archive(path)
    }

    private static let named = [
        "bin/su: set-user-ID of 0", "bin/wall: set-group-ID of 0", "cap: security.capability", "disk: block device 8:1",
        "null: character device 1:3", "shared: trusted.t",
    ]

    private func restore(to place: String, _ privileges: Privileges) throws -> (plan: TreeRestorePlan, outcome: TreeRestoreOutcome) {
        let restore = fixture.restore(of: image, to: place, options: .init(privileges: privileges))
        let plan = try restore.plan(job: JobControl())
        return (plan, try restore.apply(plan, job: JobControl()))
    }

    @Test func `a plan names them, and with a word for it they come back`() throws {
        let place = folder.file("other")
        let (plan, outcome) = try restore(to: place, .restored)
        #expect(plan.privileged.first.sorted() == Self.named && plan.privileged.count == 6)
        #expect(outcome.issueCount == 0)
        #expect(try TreePortrait.of(place) == TreePortrait.of(path))
        let measure = try ImageMeasure(
            of: .archived(ArchivedTree(repository: fixture.repository, id: image.tree, node: image.root)), job: JobControl())
        #expect(measure.privileged.first.sorted() == Self.named && measure.privileged.count == 6)
        #expect(measure.entries == 10 && measure.bytes == 8)
    }

    @Test func `without a word they come back without their rights, devices not at all, and each is named`() throws {
        let place = folder.file("other")
        let outcome = try restore(to: place, .leftOut).outcome
        #expect(outcome.issues.map(\.path).sorted() == ["bin/su", "bin/wall", "cap", "disk", "null", "shared"])
        #expect(outcome.issues.allSatisfy { $0.detail.hasSuffix("left out without --privileged") }, "\(outcome.issues)")
        let there = try shell("cd '\(place)'; find . -printf '%P %M\\n' | sort; getfattr -d -m - -R . 2>/dev/null | grep -v '^#'")
        #expect(there.contains("bin/su -rwxr-xr-x") && there.contains("bin/wall -rwxr-xr-x") && there.contains("shared drwxrwsr-x"))
        #expect(there.contains("whiteout c") && there.contains("pipe p") && !there.contains("disk") && !there.contains("null"))
        #expect(there.contains("user.u=") && !there.contains("trusted") && !there.contains("capability"), "\(there)")
    }

    @Test func `what has its rights already keeps them, and is named by no plan`() throws {
        #expect(try restore(to: path, .leftOut).plan.isEmpty)
        let before = try TreePortrait.of(path)
        try shell("cd '\(path)'; chmod 4700 bin/su; echo more >> plain; echo x > extra")
        let (plan, outcome) = try restore(to: path, .leftOut)
        #expect(plan.privileged.isEmpty && outcome.issueCount == 0, "\(plan.privileged)")
        #expect(try TreePortrait.of(path) == before)
        try shell("cd '\(path)'; chmod u-s bin/su; rm null")
        let again = try restore(to: path, .leftOut)
        #expect(again.plan.privileged.first.sorted() == ["bin/su: set-user-ID of 0", "null: character device 1:3"])
        #expect(again.outcome.issues.map(\.path).sorted() == ["bin/su", "null"])
    }
}
