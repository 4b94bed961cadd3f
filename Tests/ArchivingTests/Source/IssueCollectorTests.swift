import Archiving
import Model
import Testing

@Suite struct IssueCollectorTests {
    @Test func `an issue of the root itself is told under a dot, and asked for again under its own path`() {
        let issue = EntryIssue(kind: .metadata, path: "", detail: "mode 755: this file system keeps 777")
        #expect(issue.text == "metadata .: mode 755: this file system keeps 777")
        let issues = IssueCollector()
        issues.add(issue)
        #expect(issues.first.map(\.path) == ["."])
        #expect(issues.summary.notes.flatMap(\.first) == [".: mode 755: this file system keeps 777"])
        #expect(issues.summary.again == [""])
    }
}
