/// Something that happened to one entry, not fatal to the job.
package struct EntryIssue: Hashable, Sendable, Codable {
    package enum Kind: String, Sendable, Codable {
        /// Gone between the listing and the reading; not in the archive.
        case vanished
        /// Cannot be read (permission, I/O error); not in the archive.
        case unreadable
        /// Changed while it was read; what is in the archive is a mixture.
        case changed
        /// Kept, but some metadata (an xattr, an owner) could not be read or set.
        case metadata
    }

    package var kind: Kind
    /// Relative to the root of the source, for people (bytes that are not UTF-8 replaced).
    package var path: String
    package var detail: String

    package init(kind: Kind, path: String, detail: String) {
        self.kind = kind
        self.path = path
        self.detail = detail
    }
}
