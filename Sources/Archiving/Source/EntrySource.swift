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
    /// How many entries are worth reading at the same time: more than there are processors where each answer has to be waited for.
    var width: Int { get }
    /// All has been read: what is to be told of all of it is told now.
    func conclude(_ issues: IssueCollector)
    /// Nothing will be asked for any more, because of `error`: whoever waits for readers, or keeps them waiting, is to end.
    func giveUp(_ error: any Error)
}

extension EntrySource {
    package var width: Int { 1 }
    package func conclude(_ issues: IssueCollector) {}
    package func giveUp(_ error: any Error) {}
}

/// A directory of a source; its resources go when the last reference goes. May be used by several threads at once.
package protocol SourceDirectory: AnyObject, Sendable {
    /// The directory's own metadata: type `dir`, name and subtree not set.
    func metadata() throws -> Node
    /// The entries in any order, with metadata; `content` and `subtree` not set. An entry that vanished while it was read is left out
    /// and told to `issues`.
    func entries(_ issues: IssueCollector) throws -> [Node]
    /// The same for a source that can take over what it knows to be unchanged instead of asking for it again: `before` gives what the directory held
    /// in the parent tree, in memory as a whole.
    func entries(_ issues: IssueCollector, before: () -> [Node]) throws -> [Node]
    /// More entries of a directory that grows while it is read: waits for the next ones, and gives nil when no more will come. Asked by one thread
    /// after ``entries(_:)`` until then, which holds that thread; ``EntrySource/width`` has to be larger by it.
    func moreEntries() throws -> [Node]?
    /// What has come from ``moreEntries()``, when all of it has been read: a source that knows a name only then changes it now.
    func settled(_ nodes: [Node]) throws -> [Node]
    func directory(named name: [UInt8]) throws -> any SourceDirectory
    func file(named name: [UInt8]) throws -> any SourceFile
    /// The same of entries as ``entries(_:)`` gave them, for sources that need not ask for them again.
    func directory(listed node: Node) throws -> any SourceDirectory
    func file(listed node: Node) throws -> any SourceFile
    /// Whether the source knows that nothing at or below this directory differs from the parent tree, its place aside; then it is not
    /// listed at all.
    var isUnchanged: Bool { get }
    /// Where the entry `name` stood in the parent tree, from the root on, when it has been moved from there since. Nil: where it is now,
    /// nowhere, or not known.
    func formerPlace(of name: [UInt8]) -> [[UInt8]]?
    /// Whether entries are expected to go while it is read: they are left out, and that is no issue.
    var mayLoseEntries: Bool { get }
}

/// A file that is open for reading from its start. Used by one thread at a time.
package protocol SourceFile: AnyObject, Sendable {
    /// Fills `buffer` as far as the file goes; fewer bytes than asked only at its end; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
    /// The metadata now, without extended attributes: compared with what the directory said, to notice a file that changed.
    func metadata() throws -> Node
    /// Whether a change after the opening would show in the metadata. Otherwise the file is stored without a time of change, and is read again
    /// next time.
    var isSettled: Bool { get }
    /// How many bytes from `offset` on are known to be zeros without reading them (a hole); 0 when not known. `offset` does not go back.
    func zeroRun(at offset: UInt64) throws -> UInt64
    /// The next read starts at `offset`; asked only within a run of zeros.
    func seek(to offset: UInt64) throws
    /// The open file itself when it is one of this machine, for the kernel's own ways of copying; valid while this object lives.
    var localDescriptor: Int32? { get }
}

extension SourceDirectory {
    package func entries(_ issues: IssueCollector, before: () -> [Node]) throws -> [Node] { try entries(issues) }
    package func moreEntries() throws -> [Node]? { nil }
    package func settled(_ nodes: [Node]) throws -> [Node] { nodes }
    package func directory(listed node: Node) throws -> any SourceDirectory { try directory(named: node.name) }
    package func file(listed node: Node) throws -> any SourceFile { try file(named: node.name) }
    package var isUnchanged: Bool { false }
    package func formerPlace(of name: [UInt8]) -> [[UInt8]]? { nil }
    package var mayLoseEntries: Bool { false }
}

extension SourceFile {
    package var isSettled: Bool { true }
    package func zeroRun(at offset: UInt64) throws -> UInt64 { 0 }
    package func seek(to offset: UInt64) throws {}
    package var localDescriptor: Int32? { nil }
}
