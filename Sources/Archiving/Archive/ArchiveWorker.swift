import HostIO
import RepositoryEngine
import ResticFormat

/// One thread of an archiving: lists directories, reads small files, makes blobs, writes trees. Large files are in `LargeFileReading`.
final class ArchiveWorker {
    let run: ArchiveRun
    let sealer: BlobSealer
    var totals = ArchiveTotals()
    private let opener: BlobOpener
    private let scratch: UnsafeMutableRawBufferPointer

    init(run: ArchiveRun) throws {
        self.run = run
        sealer = try run.writer.makeSealer()
        opener = try run.writer.makeOpener()
        // One byte more than a small file has, to notice one that has grown.
        scratch = .allocate(byteCount: run.shape.wholeLimit + 1, alignment: 4096)
    }

    deinit { scratch.deallocate() }

    func perform(_ job: ArchiveRun.Job) throws {
        switch job {
        case .directory(let parent, let index): try archiveDirectory(parent, index)
        case .files(let directory, let range):
            for index in directory.filesToRead[range] {
                try run.job.checkCancelled()
                try readWhole(directory, index)
            }
        case .largeFile(let directory, let index): try readLarge(directory, index)
        case .blob(let file, let ordinal, let segment, let range): try makeBlob(file, ordinal, segment, range)
        }
    }

    // MARK: Directories

    private func archiveDirectory(_ parent: PendingDirectory?, _ index: Int) throws {
        guard let parent else { return try archiveRoot() }
        let node = parent.node(index)
        let opened = try entry(node.name, in: parent, index) { try parent.source.directory(listed: node) }
        guard let opened else { return }
        let previous = node.subtree
        if let known = run.unchangedTree(of: opened, previous) {
            try finish(parent, parent.complete(index) { $0.subtree = known })
            return
        }
        guard let listed = try entry(node.name, in: parent, index, { try list(opened, previous) }) else { return }
        try begin(listed, opened, name: node.name, parent, index)
    }

    private func archiveRoot() throws {
        let opened = try run.source.root()
        let root = try opened.metadata()
        if let known = run.unchangedTree(of: opened, run.parent) {
            run.finishRoot(root, known, nil)
            return
        }
        try begin(try list(opened, run.parent), opened, name: [], nil, 0)
    }

    /// What the entry was in the parent tree, when it stood somewhere else there.
    private func formerNode(of name: [UInt8], in directory: any SourceDirectory) -> Node? {
        guard let past = run.past, let place = directory.formerPlace(of: name) else { return nil }
        return past.node(at: place, using: opener)
    }

    private func list(_ opened: any SourceDirectory, _ previous: TreeID?) throws -> ListedDirectory {
        let listing = try opened.entries(run.issues, before: { previous.flatMap(previousTree)?.nodes ?? [] })
        return try ListedDirectory(
            listing, before: previous.flatMap(previousNodes), previous: previous, moved: { formerNode(of: $0, in: opened) },
            isStored: { content in content.allSatisfy { run.repository.contains($0, .data) } },
            dataBytes: { content in run.data.count(content, opener) },
            checkCancelled: { try run.job.checkCancelled() })
    }

    private func begin(
        _ listed: consuming ListedDirectory, _ opened: any SourceDirectory, name: [UInt8], _ parent: PendingDirectory?, _ index: Int
    ) throws {
        totals = totals + listed.totals
        run.job.add(Int(listed.totals.files), to: .filesExpected)
        run.job.add(Int(clamping: listed.totals.bytes), to: .bytesExpected)
        run.job.add(Int(listed.totals.filesUnchanged), to: .filesDone)
        run.job.add(Int(clamping: listed.bytesTakenOver), to: .bytesDone)
        let directories = listed.directories
        let reads = listed.reads(limit: UInt64(run.shape.wholeLimit))
        let directory = PendingDirectory(listed, source: opened, name: name, parent: parent, index: index)
        run.pool.push(directories.reversed().map { .directory(parent: directory, index: $0) }, .late)
        run.pool.push(reads.reversed().map { job(for: $0, in: directory) }, .ordinary)
        try grow(directory)
        try finish(directory, directory.completeListing())
    }

    /// Waits for what comes while the rest is read. Of how many bytes a file is, is known at its end.
    private func grow(_ directory: PendingDirectory) throws {
        while let nodes = try directory.source.moreEntries() {
            let nodes = nodes.filter { $0.type == .file || $0.type == .dir }
            let places = directory.extend(nodes)
            for (node, index) in zip(nodes, places) {
                if node.type == .dir {
                    totals.directories += 1
                    run.pool.push(.directory(parent: directory, index: index), .late)
                } else {
                    totals.files += 1
                    totals.filesNew += 1
                    totals.bytes.grow(by: node.size)
                    run.job.add(1, to: .filesExpected)
                    run.pool.push(.largeFile(directory, index), .ordinary)
                }
            }
        }
    }

    private func job(for read: ListedDirectory.Read, in directory: PendingDirectory) -> ArchiveRun.Job {
        switch read {
        case .small(let files): .files(directory, files)
        case .large(let index): .largeFile(directory, index)
        }
    }

    /// A tree that is missing or damaged is no parent: everything is read again.
    private func previousNodes(_ id: TreeID) -> FormerNodes? {
        guard run.repository.contains(id.naming(BlobNamed.self), .tree) else { return nil }
        return (try? run.repository.nodes(of: id, using: opener)).map(FormerNodes.init)
    }

    /// The same as a whole.
    private func previousTree(_ id: TreeID) -> Tree? {
        guard run.repository.contains(id.naming(BlobNamed.self), .tree) else { return nil }
        return try? run.repository.tree(id, using: opener)
    }

    /// Runs `body`; an ``EntryError`` becomes an issue, the entry is left out, and nil is given.
    func entry<Result: ~Copyable>(
        _ name: [UInt8], in directory: PendingDirectory, _ index: Int, _ body: () throws -> Result
    ) throws -> Result? {
        do { return try body() } catch let error as EntryError {
            note(error, at: name, in: directory)
            try finish(directory, directory.drop(index))
            return nil
        }
    }

    func note(_ error: EntryError, at name: [UInt8], in directory: PendingDirectory) {
        if error.kind == .vanished, directory.source.mayLoseEntries { return }
        run.issues.add(EntryIssue(kind: error.issueKind, path: directory.path(of: name), detail: error.detail))
    }

    /// Writes the tree of a directory whose last entry is done, then of its parent if that was its last, and so on up.
    func finish(_ directory: PendingDirectory, _ finished: PendingDirectory.Finished?) throws {
        var (directory, finished) = (directory, finished)
        while var done = finished {
            if done.hasGrown { done.nodes = try directory.source.settled(done.nodes).sorted { Tree.areInOrder($0.name, $1.name) } }
            let tree = try write(done, directory)
            guard let parent = directory.parent else {
                run.finishRoot(try directory.source.metadata(), tree, done.nodes)
                return
            }
            finished = parent.complete(directory.index) { $0.subtree = tree }
            directory = parent
        }
    }

    private func write(_ done: PendingDirectory.Finished, _ directory: PendingDirectory) throws -> TreeID {
        if done.isUnchanged, let previous = directory.previous { return previous }
        let saved = try run.writer.save(Tree(nodes: done.nodes), using: sealer) { try run.job.checkCancelled() }
        count(saved)
        return saved.id.naming(TreeNamed.self)
    }

    func count(_ saved: SavedBlob) {
        totals.bytesStored += UInt64(saved.storedBytes)
        run.job.add(saved.storedBytes, to: .bytesStored)
    }

    // MARK: Small files

    private func readWhole(_ directory: PendingDirectory, _ index: Int) throws {
        let listed = directory.node(index)
        var node = listed
        let count = try entry(listed.name, in: directory, index) { () throws -> Int in
            let file = try directory.source.file(listed: listed)
            let before = try file.metadata()
            if !before.hasSameIdentity(as: listed) { node.refresh(by: before) }
            let count = try file.read(into: scratch)
            if count <= run.shape.wholeLimit, try !noteChange(of: file, since: before, directory, listed.name) { node.ctime = .epoch }
            return count
        }
        guard let count else { return }
        // It has grown past what one blob may hold.
        if count > run.shape.wholeLimit { return try readLarge(directory, index) }
        let content = try save(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        totals.bytesRead += UInt64(count)
        totals.dataBytes.grow(by: DataBytes.count(UnsafeRawBufferPointer(rebasing: scratch[..<count])))
        run.job.add(count, to: .bytesDone)
        run.job.add(1, to: .filesDone)
        try finish(
            directory,
            directory.complete(index) {
                $0 = node
                $0.size = UInt64(count)
                $0.content = content
            })
    }

    private func save(_ bytes: UnsafeRawBufferPointer) throws -> [BlobID] {
        guard !bytes.isEmpty else { return [] }
        let saved = try run.writer.save(bytes, as: .data, using: sealer)
        count(saved)
        return [saved.id]
    }

    /// Whether the file, which has been read, can be told from a later one by its metadata as they were at the opening.
    func noteChange(of file: any SourceFile, since before: Node, _ directory: PendingDirectory, _ name: [UInt8]) throws -> Bool {
        guard try !file.metadata().hasSameIdentity(as: before) else { return file.isSettled }
        run.issues.add(EntryIssue(kind: .changed, path: directory.path(of: name), detail: "it was written to while it was read"))
        if let open = file.localDescriptor, OpenDatabases.isDatabase(open) {
            run.issues.add(EntryIssue(kind: .inUse, path: directory.path(of: name), detail: OpenDatabases.detail))
        }
        return false
    }
}
