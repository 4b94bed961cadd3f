package import Model
package import ResticFormat

/// What is known of a directory that was found equal to an earlier image and that nobody is to write to: of which files the content need not be read
/// to know that it is the image's.
package struct TrustedContent: Sendable {
    /// Times of change are those of the kernel's last tick, up to 10 ms old; a share's server has its own clock.
    private static let uncertainSeconds: Int64 = 2

    /// Whoever has written to a file after this moment has moved its time of change, which cannot be set, past it.
    private let since: Timestamp
    /// Contents that the image has in places where the earlier one has others, or nothing.
    private let changed: Set<[BlobID]>

    /// `since`: when the comparison that found nothing began.
    package init(since: Timestamp, changed: Set<[BlobID]>) {
        self.since = since.adding(seconds: -Self.uncertainSeconds)
        self.changed = changed
    }

    func vouches(for node: Node, _ there: Node) -> Bool {
        guard let content = node.content, node.size == there.size, node.mtime.isSameInstant(as: there.mtime) else { return false }
        return there.ctime.timestamp < since && !changed.contains(content)
    }
}
