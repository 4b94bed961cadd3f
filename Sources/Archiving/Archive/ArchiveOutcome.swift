package import ResticFormat

/// What was counted while a source was archived.
package struct ArchiveTotals: Hashable, Sendable, Codable {
    package var files: UInt64 = 0
    /// Without the root.
    package var directories: UInt64 = 0
    package var others: UInt64 = 0
    /// Logical bytes of all files; a file with several links counts each time.
    package var bytes: UInt64 = 0
    /// Those of ``bytes`` that are neither in holes nor in blobs of zeros.
    package var dataBytes: UInt64 = 0
    /// Bytes of files that were read (holes not); the rest was taken over from the parent.
    package var bytesRead: UInt64 = 0
    package var filesNew: UInt64 = 0
    package var filesChanged: UInt64 = 0
    package var filesUnchanged: UInt64 = 0
    /// Sealed bytes that were added to packs.
    package var bytesStored: UInt64 = 0

    package init() {}

    package static func + (left: ArchiveTotals, right: ArchiveTotals) -> ArchiveTotals {
        var sum = left
        sum.files += right.files
        sum.directories += right.directories
        sum.others += right.others
        sum.bytes.grow(by: right.bytes)
        sum.dataBytes.grow(by: right.dataBytes)
        sum.bytesRead.grow(by: right.bytesRead)
        sum.filesNew += right.filesNew
        sum.filesChanged += right.filesChanged
        sum.filesUnchanged += right.filesUnchanged
        sum.bytesStored += right.bytesStored
        return sum
    }
}

package struct ArchiveOutcome: Sendable {
    package var tree: TreeID
    /// The root directory's own metadata with `subtree` set; its name is to be set by whoever puts it into a tree.
    package var root: Node
    /// Of the root directory, as its tree has them; nil when they were taken over from the parent tree unseen.
    package var entries: [Node]?
    package var totals: ArchiveTotals
    /// The first issues (``IssueCollector/kept``).
    package var issues: [EntryIssue]
    /// All of them, by kind.
    package var summary: IssueSummary

    package var issueCount: Int { summary.count }
}
