import Archiving
import HostIO
import Model
import ResticFormat
import TestSupport
import Testing

/// Entries that an image is known to lack.
@Suite(.timeLimit(.minutes(1))) struct SparedEntriesTests {
    private let folder: TemporaryDirectory
    private let fixture: ArchiveFixture
    private let path: String
    private let image: ArchiveOutcome

    init() throws {
        folder = try TemporaryDirectory()
        fixture = try ArchiveFixture()
        path = try folder.folder("tree")
        try shell("cd '\(path)'; mkdir -p d; echo a > a; echo x > d/x")
        image = try fixture.archive(path)
        try shell(
            "cd '\(path)'; echo b > b; mkdir -p lost/deep d/more; echo n > lost/deep/n; echo y > d/y; echo changed > a; echo m > d/more/m")
    }

    private func restore(_ lacking: LackingEntries) throws -> TreeRestorePlan {
        let restore = fixture.restore(of: image, to: path, options: .init(spared: SparedEntries(lacking)))
        let plan = try restore.plan(job: JobControl())
        let outcome = try restore.apply(plan, job: JobControl())
        #expect(outcome.issueCount == 0)
        return plan
    }

    private func names() throws -> [String] {
        try shell("cd '\(path)'; find . -type f | sort").split(separator: "\n").map { String($0.dropFirst(2)) }
    }

    @Test func `an entry that the image is known to lack stays, with all below and above it, and everything else is restored`() throws {
        let plan = try restore(.paths(["b", "lost/deep/n", "d/more"]))
        #expect(plan.spared == 3 && plan.deleted == 1 && plan.replaced == 1, "\(plan)")
        #expect(try names() == ["a", "b", "d/more/m", "d/x", "lost/deep/n"])
        #expect(try readFile("\(path)/a") == Array("a\n".utf8))
        let again = try fixture.restore(of: image, to: path, options: .init(spared: SparedEntries(.paths(["b", "lost", "d/more"]))))
            .plan(job: JobControl())
        #expect(again.isEmpty && again.spared == 3, "what is spared is no difference")
    }

    @Test func `where nobody knows which entries the image lacks, nothing is deleted`() throws {
        let plan = try restore(.unknown)
        #expect(plan.deleted == 0 && plan.replaced == 1)
        #expect(try names() == ["a", "b", "d/more/m", "d/x", "d/y", "lost/deep/n"])
    }

    @Test func `without such entries everything that is not in the image goes`() throws {
        _ = try restore(.none)
        #expect(try names() == ["a", "d/x"])
    }

    @Test func `a name that is not UTF-8 is spared by what people read of it`() throws {
        try shell("cd '\(path)'; touch $(printf 'bad\\377')")
        let plan = try restore(.paths(["bad\u{FFFD}"]))
        #expect(plan.spared == 1)
    }

    @Test func `what could not be read is noted by its path, and too many are noted as that`() {
        var summary = IssueSummary()
        summary.add(EntryIssue(kind: .unreadable, path: "d/f", detail: "permission denied"))
        summary.add(EntryIssue(kind: .changed, path: "g", detail: "it was written to while it was read"))
        #expect(summary.missing.paths == ["d/f"] && summary.missing.isKnown)
        for index in 0..<MissingPaths.most { summary.add(EntryIssue(kind: .unreadable, path: "\(index)", detail: "")) }
        #expect(summary.missing.paths.isEmpty && !summary.missing.isKnown && !summary.missing.isEmpty)
    }
}
