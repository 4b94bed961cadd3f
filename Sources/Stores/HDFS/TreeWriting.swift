import Archiving
import HostIO
import Model
import ResticFormat
import Synchronization
import WebHDFS

extension HDFSPath {
    /// For people, as the notes of an image have it.
    func below(_ root: String) -> String {
        String(decoding: description.utf8.dropFirst(root == "/" ? 1 : root.utf8.count + 1), as: UTF8.self)
    }
}

/// Writes an image into a directory of HDFS, several files at a time. Files get their names when they are whole; those that have the
/// length and time of the image's are there already and stay, so an interrupted run goes on where it stopped.
final class TreeWriting: Sendable {
    struct Totals: Sendable {
        var bytesWritten: UInt64 = 0
        var entriesChanged = 0
        /// Files with fewer replicas than they had.
        var capped = 0
        /// Files whose blocks have the size that is the default here, because this HDFS refuses theirs.
        var otherBlocks = 0
    }

    private enum Job: Sendable {
        case directory(Node, ImageDirectory, HDFSPath, Pending?)
        case file(Node, ImageDirectory, HDFSPath, Pending, there: Node?)
    }

    /// A directory whose attributes are set when all in it is done: entries that are made in it change its time.
    private final class Pending: Sendable {
        let node: Node?
        let path: HDFSPath
        let parent: Pending?
        let outstanding: Atomic<Int>

        init(_ node: Node?, _ path: HDFSPath, in parent: Pending?, entries: Int) {
            self.node = node
            self.path = path
            self.parent = parent
            outstanding = Atomic(entries + 1)
        }
    }

    private final class Worker {
        let reader: ImageReader
        init(_ image: ImageTree) throws { reader = try ImageReader(image) }
    }

    private static let threads = 8
    private let client: HDFSClient
    private let image: ImageTree
    private let spared: SparedEntries
    private let root: String
    private let mostReplicas: Int
    private let issues: IssueCollector
    private let job: JobControl
    private let pool = WorkPool<Job>()
    private let state = Mutex(Totals())

    /// `root`: that will be written to.
    init(
        _ client: HDFSClient, image: ImageTree, to root: HDFSPath, sparing spared: SparedEntries, mostReplicas: Int, issues: IssueCollector,
        job: JobControl
    ) {
        self.spared = spared
        self.root = root.description
        self.client = client
        self.image = image
        self.mostReplicas = mostReplicas
        self.issues = issues
        self.job = job
    }

    /// Makes `path` the root of the image, or, with `node`, that entry of the directory.
    func write(to path: HDFSPath) throws -> Totals {
        let (root, node) = try ImageReader(image).root()
        return try run([.directory(node ?? Node(name: [], type: .dir), root, path, nil)])
    }

    /// Makes one entry of a directory of the image, with all below it.
    func write(_ node: Node, of directory: ImageDirectory, to path: HDFSPath) throws -> Totals {
        if node.type == .dir {
            return try run([.directory(node, try ImageReader(image).directory(node, in: directory), path, nil)])
        }
        return try run([.file(node, directory, path, Pending(nil, path.parent, in: nil, entries: 1), there: nil)])
    }

    private func run(_ jobs: [Job]) throws -> Totals {
        pool.push(jobs, .ordinary)
        try pool.run(threads: Self.threads, named: "hdfs", job: job, worker: { try Worker(image) }) { worker, job in
            switch job {
            case .directory(let node, let directory, let path, let parent): try make(node, directory, path, parent, worker.reader)
            case .file(let node, let directory, let path, let folder, let there):
                try put(node, directory, path, folder, there, worker.reader)
            }
        }
        return state.withLock { $0 }
    }

    private var setting: AttributeSetting {
        AttributeSetting(client: client, mostReplicas: mostReplicas) { [issues, root] path, detail in
            issues.add(EntryIssue(kind: .metadata, path: path.below(root), detail: detail))
        }
    }

    // MARK: Directories

    private func make(_ node: Node, _ directory: ImageDirectory, _ path: HDFSPath, _ parent: Pending?, _ reader: ImageReader) throws {
        guard let parent else { return try fill(node, directory, path, nil, try prepared(node, directory, path, reader), reader) }
        let contents: Contents
        do { contents = try prepared(node, directory, path, reader) } catch {
            guard let refusal = Self.refusal(error) else { throw error }
            return try leaveOut(node, parent, refusal)
        }
        try fill(node, directory, path, parent, contents, reader)
    }

    /// Why one entry stays as it is; nil for what concerns more than one.
    private static func refusal(_ error: any Error) -> String? {
        if let error = error as? EntryError { return error.detail }
        guard let error = error as? HDFSError, error.isOfEntry else { return nil }
        return error.failure.summary
    }

    /// A directory on both sides, before anything in it is touched.
    private struct Contents {
        let nodes: [Node]
        /// Nil for one that was made.
        let there: [[UInt8]: HDFSFileStatus]?
    }

    private func prepared(_ node: Node, _ directory: ImageDirectory, _ path: HDFSPath, _ reader: ImageReader) throws -> Contents {
        let nodes = try reader.nodes(of: directory)
        let status = try client.status(of: path)
        let there = try status.flatMap { try entriesThere($0, path) }
        if there == nil {
            // Closed to others until it is what it shall be.
            try client.makeDirectories(path, permission: 0o700)
            state.withLock { $0.entriesChanged += 1 }
        }
        try setting.prepare(node, on: path)
        return Contents(nodes: nodes, there: there)
    }

    private func fill(
        _ node: Node, _ directory: ImageDirectory, _ path: HDFSPath, _ parent: Pending?, _ contents: Contents, _ reader: ImageReader
    ) throws {
        let there = contents.there
        let pending = Pending(node, path, in: parent, entries: contents.nodes.count)
        try removeExtra(there ?? [:], besides: contents.nodes, in: path)
        var directories: [Job] = []
        var files: [Job] = []
        for entry in contents.nodes {
            guard let place = path.appending(entry.name) else {
                try leaveOut(entry, pending, "a name that HDFS cannot have")
                continue
            }
            switch entry.type {
            case .dir: directories.append(.directory(entry, try reader.directory(entry, in: directory), place, pending))
            case .file: files.append(.file(entry, directory, place, pending, there: there?[entry.name].map(Node.init)))
            default: try leaveOut(entry, pending, "HDFS has nothing of the type \(entry.type.rawValue)")
            }
        }
        pool.push(directories.reversed(), .late)
        pool.push(files.reversed(), .ordinary)
        try complete(pending)
    }

    /// Nil when there is no such directory; a file in its place is removed.
    private func entriesThere(_ status: HDFSFileStatus, _ path: HDFSPath) throws -> [[UInt8]: HDFSFileStatus]? {
        guard status.kind == .directory else {
            try client.remove(path)
            return nil
        }
        var entries: [[UInt8]: HDFSFileStatus] = [:]
        try client.forEachEntry(of: path) { entries[$0.name] = $0 }
        return entries
    }

    private func removeExtra(_ there: [[UInt8]: HDFSFileStatus], besides nodes: [Node], in path: HDFSPath) throws {
        guard !there.isEmpty else { return }
        let wanted = Tree(nodes: nodes)
        for (name, status) in there {
            let node = wanted.node(named: name)
            let isOfType = node.map { ($0.type == .dir) == (status.kind == .directory) } ?? false
            guard !isOfType, let place = path.appending(name) else { continue }
            if node == nil, spared.contains(place.below(root)) { continue }
            do throws(HDFSError) {
                try client.remove(place, .tree)
                state.withLock { $0.entriesChanged += 1 }
            } catch {
                guard error.isOfEntry else { throw error }
                issues.add(EntryIssue(kind: .unrestored, path: place.below(root), detail: error.failure.summary))
            }
        }
    }

    private func leaveOut(_ node: Node, _ folder: Pending, _ reason: String) throws {
        issues.add(EntryIssue(kind: .unrestored, path: name(node, in: folder), detail: reason))
        try complete(folder)
    }

    private func name(_ node: Node, in folder: Pending) -> String {
        let above = folder.path.below(root)
        return (above.isEmpty ? "" : above + "/") + FileName.text(node.name)
    }

    /// An entry of the directory, or its listing, is done.
    private func complete(_ pending: Pending) throws {
        var pending = pending
        while pending.outstanding.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
            if let node = pending.node { try setting.set(node, on: pending.path) }
            guard let parent = pending.parent else { return }
            pending = parent
        }
    }

    // MARK: Files

    private func put(
        _ node: Node, _ directory: ImageDirectory, _ path: HDFSPath, _ folder: Pending, _ there: Node?, _ reader: ImageReader
    ) throws {
        try job.checkCancelled()
        let isThere = there.map { $0.size == node.size && $0.modificationMilliseconds == node.modificationMilliseconds } ?? false
        if !isThere {
            do { try send(node, directory, path, reader) } catch {
                guard let refusal = Self.refusal(error) else { throw error }
                issues.add(EntryIssue(kind: .unrestored, path: path.below(root), detail: refusal))
                return try complete(folder)
            }
        } else {
            if let there,
                there.user != node.user || there.group != node.group
                    || FileMode.posixPermissions(there.mode) != FileMode.posixPermissions(node.mode)
            {
                try setting.set(node, on: path, there: there)
            }
            job.add(Int(clamping: node.size), to: .bytesDone)
        }
        job.add(1, to: .filesDone)
        try complete(folder)
    }

    private func send(_ node: Node, _ directory: ImageDirectory, _ path: HDFSPath, _ reader: ImageReader) throws {
        let wanted = try EntryAttributes(of: node)
        let replication = wanted.replication.map(setting.capped)
        var options = HDFSFileOptions(
            replacing: .always, permission: 0o600, replication: replication, blockSize: wanted.blockSize)
        do { try send(node, directory, path, options, reader) } catch let error as HDFSError {
            guard error.isAboutBlockSize, options.blockSize != nil else { throw error }
            options.blockSize = nil
            try send(node, directory, path, options, reader)
        }
        try setting.set(node, on: path)
        state.withLock { state in
            state.bytesWritten += node.size
            state.entriesChanged += 1
            if replication != wanted.replication { state.capped += 1 }
            if options.blockSize != wanted.blockSize { state.otherBlocks += 1 }
        }
    }

    private func send(_ node: Node, _ directory: ImageDirectory, _ path: HDFSPath, _ options: HDFSFileOptions, _ reader: ImageReader) throws
    {
        try client.publish(path, options, size: node.size) { writer in
            try reader.read(node, in: directory) { bytes in
                try job.checkCancelled()
                try writer.write(bytes)
                job.add(bytes.count, to: .bytesDone)
            }
        }
    }
}

extension HDFSError {
    /// FSNamesystem.startFile: below `dfs.namenode.fs-limits.min-block-size`, or no multiple of `dfs.bytes-per-checksum`.
    fileprivate var isAboutBlockSize: Bool {
        let detail = detail?.lowercased() ?? ""
        return detail.contains("block size") || detail.contains("blocksize")
    }
}
