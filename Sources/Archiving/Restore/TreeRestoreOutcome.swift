/// What a restore did.
package struct TreeRestoreOutcome: Sendable {
    package var bytesWritten: UInt64
    /// Entries created, replaced, deleted or given other metadata.
    package var entriesChanged: Int
    /// The first issues (``IssueCollector/kept``): metadata that could not be set, entries that could not be deleted.
    package var issues: [EntryIssue]
    package var issueCount: Int
}
