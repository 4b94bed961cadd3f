package import HostIO
package import ResticFormat

/// What is to be archived, as a tree of directories that is walked once, depth first.
///
/// Owned by the archiver, implemented by whoever has entries: a local directory (``LocalDirectory``), later an HDFS snapshot.
/// Handles may be used from any thread, each by one thread at a time.
package protocol EntrySource: Sendable {
    /// The root directory. Throws ``EntryError`` when there is none.
    func root() throws -> any SourceDirectory
    /// For messages.
    var description: String { get }
}

/// A directory that is open for reading; its resources go when the last reference goes.
package protocol SourceDirectory: AnyObject, Sendable {
    /// The directory's own metadata: type `dir`, name and subtree not set.
    func metadata() throws -> Node
    /// The entries in any order, with metadata; `content` and `subtree` not set. An entry that vanished while it was read is left out
    /// and told to `issues`.
    func entries(_ issues: IssueCollector) throws -> [Node]
    func directory(named name: [UInt8]) throws -> any SourceDirectory
    func file(named name: [UInt8]) throws -> any SourceFile
    /// The tree that this directory had at the previous archiving, when the source knows that nothing below it has changed since;
    /// then it is not listed at all. Nil: not known.
    func unchangedSubtree() -> TreeID?
}

/// A file that is open for reading from its start.
package protocol SourceFile: AnyObject, Sendable {
    /// Fills `buffer` as far as the file goes; fewer bytes than asked only at its end; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
    /// The metadata now: compared with what the directory said, to notice a file that changed while it was read.
    func metadata() throws -> Node
}

extension SourceDirectory {
    package func unchangedSubtree() -> TreeID? { nil }
}

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
