import Glibc
import HostIO
import ResticFormat
import Synchronization

/// What the threads of one restore share.
final class ApplyRun: Sendable {
    enum Job: Sendable {
        /// A directory of the image that is to be made in `parent`, with all in it.
        case makeDirectory(Node, RestoredDirectory)
        /// The rest of the entries of a new directory.
        case list(RestoredDirectory, ImageNodes)
        /// Entries that one thread writes alone.
        case entries(RestoredDirectory, [Node])
        /// All that is to be done in the directory is known.
        case known(RestoredDirectory)
        case entry(RestoredDirectory, Node)
        /// One that is to be a link to another and cannot be.
        case copy(RestoredDirectory, Node)
        /// A file that gets some blobs.
        case rewrite(RestoredDirectory, Node, [Int])
        case metadata(RestoredDirectory, Node)
        /// Help with a large file.
        case blobs(RestoringFile)
        case delete(RestoredDirectory, [UInt8])
    }

    struct DeferredLink: Sendable {
        let directory: RestoredDirectory
        let node: Node
        let key: LinkKey
    }

    /// Two threads that make entries in one directory wait for each other, so that batches are large.
    private static let entriesInBatch = 256
    private static let bytesInBatch = 16 << 20

    let pool = WorkPool<Job>()
    let image: ImageTree
    let options: TreeRestore.Options
    let placement: Placement
    let faults: PlaceFaults
    let links: LinkHandling
    private let losses = CommonLosses()
    let opened = OpenedDirectories()
    let zeros = ZeroBlobs()
    let writeBack = WriteBack()
    let job: JobControl
    let issues: IssueCollector
    let threads: Int
    let way: ImageReader.Way
    private let state: Mutex<State>

    private struct State {
        var bytesWritten: UInt64 = 0
        var entriesChanged = 0
        var linkTargets: [LinkKey: EntryLocation]
        var links: [DeferredLink] = []
        var deletions: [Job] = []
    }

    init(restore: TreeRestore, plan: TreeRestorePlan, root: DirectoryHandle, job: JobControl) {
        image = restore.image
        way = plan.way
        options = restore.options
        self.job = job
        threads = restore.host.processors
        issues = IssueCollector(job: job)
        let mark = restore.host.randomHex(bytes: 6)
        placement = Placement(isDirect: plan.intoEmpty, isDurable: options.isDurable, mark: mark, opened: opened)
        faults = PlaceFaults(root: root, mark: mark)
        links = LinkHandling(mark: mark)
        state = Mutex(State(linkTargets: plan.linkTargets))
    }

    /// Writes, then links, then deletes; each durable before the next destroys anything.
    func execute(_ plan: TreeRestorePlan, root: DirectoryHandle) throws -> TreeRestoreOutcome {
        placement.touched(root)
        defer { opened.close() }
        for issue in plan.issues { issues.add(issue) }
        do {
            if plan.intoEmpty { try beginWhole(root) } else { begin(plan) }
            try work()
            try flush()
            try makeLinks()
            try flush()
            try deleteExtra()
            try placement.sync()
        } catch {
            placement.abandon()
            throw error
        }
        for issue in losses.issues { issues.add(issue) }
        return state.withLock { state in
            TreeRestoreOutcome(
                bytesWritten: state.bytesWritten, entriesChanged: state.entriesChanged + (plan.makesPlace ? 1 : 0), issues: issues.first,
                issueCount: issues.count + max(0, plan.unexamined - plan.issues.count))
        }
    }

    private func work() throws {
        let syncing = try WorkerThread(named: "write back") { try self.writeBack.work { try self.placement.sync() } }
        let worked = Result {
            try pool.run(threads: threads, named: "restore", job: job, worker: { try ApplyWorker(run: self) }) { try $0.perform($1) }
        }
        writeBack.end()
        let synced = Result { try syncing.join() }
        try worked.get()
        try synced.get()
    }

    // MARK: What there is to do

    private func beginWhole(_ root: DirectoryHandle) throws {
        let reader = try ImageReader(image, job: job, way)
        let (directory, node) = try reader.root()
        let entries = try reader.entries(of: directory)
        try begin(RestoredDirectory(root, image: directory, node: node, outstanding: 1, parent: nil), entries)
    }

    /// All `entries` of a new directory are to be written. Some are taken, and the others when all that is below these is done: a directory may have a
    /// million, and they are never in memory together.
    func begin(_ directory: RestoredDirectory, _ entries: ImageNodes) throws {
        var directories: [Job] = []
        var nodes: [Node] = []
        var bytes: UInt64 = 0
        var isAtEnd = false
        while nodes.count + directories.count < Self.entriesInBatch, bytes < Self.bytesInBatch {
            guard let node = try entries.next() else {
                isAtEnd = true
                break
            }
            if directory.handle.parent == nil, options.excludedAtRoot.contains(node.name) { continue }
            if node.type == .dir {
                directories.append(.makeDirectory(node, directory))
            } else {
                nodes.append(node)
                bytes.grow(by: node.size)
            }
        }
        if isAtEnd, nodes.isEmpty, directories.isEmpty { return try complete(directory) }
        directory.expectMore(nodes.count + directories.count)
        pool.push(isAtEnd ? .known(directory) : .list(directory, entries), .late)
        pool.push(directories.reversed(), .late)
        if !nodes.isEmpty { pool.push(.entries(directory, nodes), .ordinary) }
    }

    private func begin(_ plan: TreeRestorePlan) {
        var made: [ObjectIdentifier: RestoredDirectory] = [:]
        let byDepth = plan.directories.map { (depth: $0.directory.depth, change: $0) }.sorted { $0.depth < $1.depth }
        for (_, change) in byDepth {
            let parent = nearest(change.directory, made)
            parent?.expectMore()
            // One more, so that nothing is done before all is known.
            let directory = RestoredDirectory(
                change.directory, image: change.image, node: change.node, outstanding: change.changes.count + 1,
                isAppendOnly: change.directory.isAppendOnly, parent: parent)
            made[ObjectIdentifier(change.directory)] = directory
            push(change.changes, directory)
            pool.push(.known(directory), .late)
        }
    }

    private func nearest(_ handle: DirectoryHandle, _ made: [ObjectIdentifier: RestoredDirectory]) -> RestoredDirectory? {
        var above = handle.parent
        while let handle = above {
            if let directory = made[ObjectIdentifier(handle)] { return directory }
            above = handle.parent
        }
        return nil
    }

    private func push(_ changes: [EntryChange], _ directory: RestoredDirectory) {
        placement.touched(directory.handle)
        for change in changes {
            switch change {
            case .write(let node) where node.type == .dir: pool.push(.makeDirectory(node, directory), .late)
            case .write(let node): pool.push(.entry(directory, node), .ordinary)
            case .rewrite(let node, let blobs): pool.push(.rewrite(directory, node, blobs), .ordinary)
            case .setMetadata(let node): pool.push(.metadata(directory, node), .ordinary)
            case .delete(let name): state.withLock { $0.deletions.append(.delete(directory, name)) }
            }
        }
    }

    // MARK: What the workers did

    func count(bytes: Int, entries: Int) {
        state.withLock { state in
            state.bytesWritten += UInt64(bytes)
            state.entriesChanged += entries
        }
    }

    /// Whether the caller is to write the entry; otherwise a link to it is made later.
    func claims(_ node: Node, _ location: @autoclosure () -> EntryLocation, in directory: RestoredDirectory) -> Bool {
        guard let key = LinkKey(node) else { return true }
        let location = location()
        return state.withLock { state in
            if state.linkTargets[key] != nil {
                state.links.append(DeferredLink(directory: directory, node: node, key: key))
                return false
            }
            state.linkTargets[key] = location
            return true
        }
    }

    /// The entry could not be made: what was to be linked to it needs another.
    func abandonClaim(_ node: Node, in directory: RestoredDirectory) {
        guard let key = LinkKey(node) else { return }
        state.withLock { state in
            guard let target = state.linkTargets[key], target.directory === directory.handle, target.name == node.name else { return }
            state.linkTargets[key] = nil
        }
    }

    /// An entry of the directory is done; with the last one the directory's metadata are set, and its parent has one less to wait for.
    func complete(_ directory: RestoredDirectory) throws {
        var directory = directory
        while directory.complete() {
            if let node = directory.node {
                try concerning(directory.handle, nil) { () throws(SystemError) in
                    let open = try directory.handle.open()
                    try metadata(of: node) { directory.handle.path() }.set(on: open.descriptor)
                }
                opened.settled(directory.handle)
            }
            guard let parent = directory.parent else { return }
            directory = parent
        }
    }

    /// `path`: of the entry, for people.
    func metadata(of node: Node, _ path: @escaping () -> String) -> EntryMetadata {
        EntryMetadata(node: node, options.privileges, isOfPlace: faults.isOfPlace) {
            self.tell(path(), $0)
        } note: {
            self.losses.note($0, path(), by: $1)
        }
    }

    func tell(_ path: String, _ detail: String) { issues.add(EntryIssue(kind: .metadata, path: path, detail: detail)) }

    /// Runs `body`, which changes entries of the directory; an error that concerns this entry only becomes an issue and nil is given, any other is
    /// thrown. `bytes`: that are to be written.
    func concerning<Result>(
        _ handle: DirectoryHandle, _ name: [UInt8]?, needing bytes: UInt64 = 4096, _ body: () throws(SystemError) -> Result
    ) throws -> Result? {
        do throws(SystemError) { return try opened.changing(handle, body) } catch {
            guard !faults.isOfPlace(error, needing: bytes) else { throw error }
            issues.add(EntryIssue(kind: .unrestored, path: handle.path(of: name), detail: words(for: error, handle, name)))
            return nil
        }
    }

    /// "rename: it is immutable (lsattr)".
    func words(for error: SystemError, _ handle: DirectoryHandle, _ name: [UInt8]?) -> String {
        let reason = (try? handle.open())?.descriptor.reason(for: error, at: name) ?? error.reason
        return "\(error.operation): \(reason)"
    }

    /// Gives what waits its names. An entry that may not be replaced, an immutable file say, is an issue and does not keep the others back.
    func flush() throws {
        try placement.flush(complete) { directory, name, error in
            _ = try concerning(directory.handle, name) { () throws(SystemError) in throw error }
        }
    }

    // MARK: Links and deletions

    /// Where what is to be linked to could not be made, the next link takes its place; where there can be no link, there is a copy.
    private func makeLinks() throws {
        while case let deferred = takeLinks(), !deferred.isEmpty {
            var others: [Job] = []
            for link in deferred {
                try job.checkCancelled()
                guard let target = state.withLock({ $0.linkTargets[link.key] }) else {
                    others.append(.entry(link.directory, link.node))
                    continue
                }
                if try !makeLink(link, to: target) { others.append(.copy(link.directory, link.node)) }
            }
            guard !others.isEmpty else { return }
            writeBack.begin()
            pool.push(others, .ordinary)
            try work()
            try flush()
        }
    }

    private func takeLinks() -> [DeferredLink] {
        state.withLock { state in
            defer { state.links = [] }
            return state.links
        }
    }

    /// False when there is to be a copy.
    private func makeLink(_ link: DeferredLink, to target: EntryLocation) throws -> Bool {
        let name = placement.workingName(for: link.node.name, in: link.directory.handle)
        var copies = false
        let made: Bool? = try concerning(link.directory.handle, link.node.name) { () throws(SystemError) in
            let from = try target.directory.open()
            let to = try link.directory.handle.open()
            do throws(SystemError) { try from.descriptor.link(target.name, to: name, in: to.descriptor) } catch {
                guard [EPERM, EXDEV, EMLINK, EOPNOTSUPP, ENOSYS, EIO].contains(error.errno) else { throw error }
                tell(link.directory.handle.path(of: link.node.name), "a copy and no hard link: \(error.reason)")
                copies = true
                return false
            }
            guard !placement.isDirect else { return true }
            try placement.rename(name, to: link.node.name, in: link.directory)
            // rename(2) does nothing when both names are links to one file already.
            if try to.descriptor.statusIfPresent(of: name) != nil { try to.descriptor.remove(name) }
            return true
        }
        if made == true {
            count(bytes: 0, entries: 1)
        } else if !placement.isDirect {
            try? link.directory.handle.open().descriptor.remove(name)
        }
        placement.gaveUp(name)
        guard !copies else { return false }
        job.add(1, to: .filesDone)
        try complete(link.directory)
        return true
    }

    private func deleteExtra() throws {
        let deletions = state.withLock { state in
            defer { state.deletions = [] }
            return state.deletions
        }
        let aside = placement.takeAside()
        guard !deletions.isEmpty || !aside.isEmpty else { return }
        try placement.sync()
        writeBack.begin()
        pool.push(deletions, .ordinary)
        pool.push(aside.map { .delete($0.directory, $0.name) }, .ordinary)
        try work()
    }
}
