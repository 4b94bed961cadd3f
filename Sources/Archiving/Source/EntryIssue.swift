/// Something that happened to one entry, not fatal to the job.
package struct EntryIssue: Hashable, Sendable, Codable {
    /// Raw values are those of ``EntryFlaw``, under which manifests count them.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// Gone between the listing and the reading; not in the archive.
        case vanished
        /// Cannot be read (permission, I/O error); not in the archive.
        case unreadable
        /// Changed while it was read; what is in the archive is a mixture.
        case changed
        /// A file of a database that was open meanwhile, or was not closed cleanly; what is in the archive may be torn.
        case inUse
        /// Not made, changed or removed by a restore; what was there stays.
        case unrestored
        /// Kept, but some metadata (an xattr, an owner) could not be read or set.
        case metadata
        /// Not stored on purpose (what the kernel makes up, flags of inodes): named, and no flaw.
        case leftOut
        /// Open for writing in a store that does not tell its length: what is in the archive is what was there, without its end.
        case open

        /// The entry is not in the archive, though the source has it or had it.
        var isMissing: Bool { self == .unreadable || self == .vanished }

        /// A later archiving has to look at the entry anew, whatever is known to be unchanged.
        var isAskedAgain: Bool {
            switch self {
            case .unreadable, .metadata, .open, .changed: true
            default: false
            }
        }
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

    /// The path for people: that of the root itself is a dot.
    package var place: String { path.isEmpty ? "." : path }

    /// "unrestored sub/f: it is immutable (lsattr)".
    package var text: String { "\(kind.rawValue) \(place): \(detail)" }
}
