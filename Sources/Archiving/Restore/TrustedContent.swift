package import Model
package import ResticFormat

/// What is known of a directory that was found equal to an earlier image and that nobody is to write to: of which files the content need not be read
/// to know that it is the image's.
package struct TrustedContent: Sendable {
    /// Whoever has written to a file since the comparison has moved its time of change, which cannot be set, to this one or past it.
    private let before: Timestamp
    /// Contents that the image has in places where the earlier one has others, or nothing.
    private let changed: Set<[BlobID]>

    /// `before`: the file system's time when the comparison that found nothing began.
    package init(before: Timestamp, changed: Set<[BlobID]>) {
        self.before = before
        self.changed = changed
    }

    func vouches(for node: Node, _ there: Node) -> Bool {
        guard let content = node.content, node.size == there.size, node.mtime.isSameInstant(as: there.mtime) else { return false }
        return there.ctime.timestamp < before && !changed.contains(content)
    }
}
