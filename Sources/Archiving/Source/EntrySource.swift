package import ResticFormat

/// What is to be archived, as a tree of directories that is walked once, depth first.
///
/// Owned by the archiver, implemented by whoever has entries: a local directory (``LocalDirectory``), later an HDFS snapshot.
/// An error about one entry is an ``EntryError``; any other error ends the job.
package protocol EntrySource: Sendable {
    /// The root directory. Throws when there is none.
    func root() throws -> any SourceDirectory
    /// For messages.
    var description: String { get }
}

/// A directory of a source; its resources go when the last reference goes. May be used by several threads at once.
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

/// A file that is open for reading from its start. Used by one thread at a time.
package protocol SourceFile: AnyObject, Sendable {
    /// Fills `buffer` as far as the file goes; fewer bytes than asked only at its end; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
    /// The metadata now, without extended attributes: compared with what the directory said, to notice a file that changed.
    func metadata() throws -> Node
    /// How many bytes from `offset` on are known to be zeros without reading them (a hole); 0 when not known. `offset` does not go back.
    func zeroRun(at offset: UInt64) throws -> UInt64
    /// The next read starts at `offset`; asked only within a run of zeros.
    func seek(to offset: UInt64) throws
    /// The open file itself when it is one of this machine, for the kernel's own ways of copying; valid while this object lives.
    var localDescriptor: Int32? { get }
}

extension SourceDirectory {
    package func unchangedSubtree() -> TreeID? { nil }
}

extension SourceFile {
    package func zeroRun(at offset: UInt64) throws -> UInt64 { 0 }
    package func seek(to offset: UInt64) throws {}
    package var localDescriptor: Int32? { nil }
}
