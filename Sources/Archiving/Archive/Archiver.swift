package import HostIO
package import RepositoryEngine
package import ResticFormat

/// Puts the entries of a source into a repository, taking over what has not changed since the parent tree. Many may run at once on
/// one writer.
package struct Archiver: Sendable {
    let writer: BlobWriter
    let host: Host

    package init(writer: BlobWriter, host: Host) {
        self.writer = writer
        self.host = host
    }

    /// Archives all of `source` on as many threads as there are processors, or as the source is wide (``EntrySource/width``).
    ///
    /// `parent` is the tree of an earlier archiving of the same source. Entries that vanish, cannot be read or change meanwhile are issues of
    /// the outcome; only a source without a root, a failing repository and a cancelled job throw. Nothing is durable before the writer
    /// has finished.
    package func archive(_ source: any EntrySource, parent: TreeID?, shape: ChunkShape, job: JobControl) throws -> ArchiveOutcome {
        let threads = max(host.processors, source.width)
        let run = ArchiveRun(source: source, writer: writer, parent: parent, shape: shape, job: job, threads: threads)
        return try run.execute(threads: threads)
    }
}
