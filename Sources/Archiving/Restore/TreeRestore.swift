package import HostIO
package import Model

/// Makes a directory of this machine equal to an image, touching only what differs. Nothing outside of the directory is written:
/// every step is by name in an open directory, and symlinks are never followed.
package struct TreeRestore: Sendable {
    package struct Options: Sendable {
        /// Entries that are not in the image are deleted.
        package var deletesExtra: Bool
        /// Names in the root directory that are neither compared nor touched.
        package var excludedAtRoot: Set<[UInt8]>
        /// What is written is durable at the end. False for a place that nobody looks at again after a crash.
        package var isDurable: Bool
        /// Of a file that is there only the pages that differ are written, into the file itself: for a place that nobody reads before the end.
        /// After a crash in between such a file has something of both. Where the image is a tree of this machine, files are shared or copied
        /// whole all the same.
        package var writesInPlace: Bool
        /// Content that is not read because it is known.
        package var trusted: TrustedContent?
        /// Entries that are not deleted though the image has them not.
        package var spared: SparedEntries
        package var privileges: Privileges

        package init(
            deletesExtra: Bool = true, excludedAtRoot: Set<[UInt8]> = [], isDurable: Bool = true, writesInPlace: Bool = false,
            trusted: TrustedContent? = nil, spared: SparedEntries = .none, privileges: Privileges = .restored
        ) {
            self.spared = spared
            self.privileges = privileges
            self.deletesExtra = deletesExtra
            self.excludedAtRoot = excludedAtRoot
            self.isDurable = isDurable
            self.writesInPlace = writesInPlace
            self.trusted = trusted
        }
    }

    let image: ImageTree
    let destination: String
    let host: Host
    let options: Options

    /// `destination` is the path of a directory, itself reached through symlinks if there are any; it is made, with its parents, when it is
    /// not there.
    package init(image: ImageTree, destination: String, host: Host, options: Options = Options()) {
        self.image = image
        self.destination = destination
        self.host = host
        self.options = options
    }

    /// Compares without changing anything. Every tree of the image is read and every name is checked; content is read only of files whose
    /// size, times and inode do not say already that they are the same or different.
    package func plan(job: JobControl) throws -> TreeRestorePlan {
        let local = LocalDirectory(path: destination, options: .destination(excludedAtRoot: options.excludedAtRoot))
        var root: LocalSourceDirectory?
        do { root = try local.openRoot() } catch let error as EntryError where error.kind == .vanished {}
        do { return try plan(root, .inOrder, job) } catch is UnorderedTree { return try plan(root, .whole, job) }
    }

    private func plan(_ root: LocalSourceDirectory?, _ way: ImageReader.Way, _ job: JobControl) throws -> TreeRestorePlan {
        let run = PlanRun(image: image, destination: destination, options: options, way, clock: host.clock, job: job)
        return try run.execute(root: root, threads: host.processors)
    }

    /// Does what the plan says and nothing else; entries that have come since the plan stay. When it returns, all is durable (``Options/isDurable``).
    ///
    /// After a crash in between, each file that was there has its old or its new content (but for ``Options/writesInPlace``). What concerns one entry only (an attribute that the
    /// file system does not take, metadata that this user may not set, a blob that is damaged) is an issue of the outcome; thrown is what concerns the place (``PlaceFaults``).
    package func apply(_ plan: TreeRestorePlan, job: JobControl) throws -> TreeRestoreOutcome {
        job.add(Int(clamping: plan.bytesToWrite), to: .bytesExpected)
        job.add(plan.created + plan.replaced, to: .filesExpected)
        let root = try plan.root ?? makeDestination()
        return try ApplyRun(restore: self, plan: plan, root: root, job: job).execute(plan, root: root)
    }

    private func makeDestination() throws -> DirectoryHandle {
        try makeDirectories(destination)
        return try DirectoryHandle(root: try Descriptor.openDirectory(destination))
    }
}
