import HostIO
import RepositoryEngine
import ResticFormat

/// One thread of a planning.
final class PlanWorker {
    let run: PlanRun
    let reader: ImageReader
    let hashing: ContentHashing
    /// Comparisons of content that the present step has asked for.
    private var contents = 0

    init(run: PlanRun) throws {
        self.run = run
        reader = try ImageReader(run.image, job: run.job, run.way)
        hashing = ContentHashing()
    }

    func perform(_ job: PlanRun.Job) throws {
        switch job {
        case .compare(let image, let directory): try compare(image, directory)
        case .goOn(let comparison): try goOn(comparison)
        case .countNew(let directory, let path): try countNew(directory, try reader.entries(of: directory), path)
        case .countMore(let directory, let entries, let path): try countNew(directory, entries, path)
        case .descend(let image, let directory, let common):
            for entry in common { try descend(entry, image, directory) }
        case .countDeleted(let directory, let names):
            for name in names { try countDeleted(name, in: directory) }
        case .countMoreDeleted(let directory, let entries): try countDeleted(entries, of: directory)
        case .compareContent(let file): try compareContent(file)
        case .compareBlobs(let file, let range): try compareBlobs(file, range)
        }
    }

    // MARK: On both sides

    private func compare(_ image: ImageDirectory, _ directory: PlannedDirectory) throws {
        if directory.node != nil, !directory.hasSameMetadata {
            run.count { $0.metadataOnly += 1 }
            run.metadataDiffers(of: directory)
        } else {
            run.count { $0.unchanged += 1 }
        }
        let excluded = directory.isRoot ? run.options.excludedAtRoot : []
        try goOn(DirectoryComparison(image, try reader.entries(of: image), with: directory, excluding: excluded))
    }

    /// Up to so many directories and files that are on both sides, which are looked into before the rest.
    private func goOn(_ comparison: DirectoryComparison) throws {
        var below: [PlanRun.CommonDirectory] = []
        contents = 0
        do {
            while below.count + contents < PlanRun.entriesInStep {
                try run.job.checkCancelled()
                guard let pair = try comparison.next() else { return descend(below, in: comparison) }
                if let directory = try take(pair, comparison.image, comparison.directory) { below.append(directory) }
            }
        } catch let problem as ListingProblem {
            try leave(comparison.directory, problem.error)
            return descend(below, in: comparison)
        }
        comparison.pause()
        run.pool.push(.goOn(comparison), .late)
        descend(below, in: comparison)
    }

    private func descend(_ directories: [PlanRun.CommonDirectory], in comparison: DirectoryComparison) {
        if !directories.isEmpty { run.pool.push(.descend(comparison.image, comparison.directory, directories), .late) }
    }

    /// A directory that is on both sides is given back.
    private func take(
        _ pair: DirectoryComparison.Pair, _ image: ImageDirectory, _ directory: PlannedDirectory
    ) throws -> PlanRun.CommonDirectory? {
        switch pair {
        case .wanted(let node): try create(node, image, directory)
        case .there(let there): try delete(there, directory)
        case .both(let node, let there) where node.type == .dir && there.type == .dir:
            run.gives(node.right(beyond: there), directory.source.handle.path(of: node.name))
            return PlanRun.CommonDirectory(node: node, hasSameMetadata: node.hasSameMetadata(as: there))
        case .both(let node, let there): try compare(node, there, image, directory)
        }
        return nil
    }

    private func compare(_ node: Node, _ there: Node, _ image: ImageDirectory, _ directory: PlannedDirectory) throws {
        switch (node.type, there.type) {
        case (.file, .file):
            compareFiles(FileComparison(node: node, there: there, directory: directory, image: image, now: run.clock.now()))
        case (let wanted, let present) where wanted == present:
            conclude(node, there, directory, isSame: node.isSameSpecial(as: there))
        default:
            run.settle(node, there, directory, hasSameContent: false, bytes: bytes(of: node))
            if node.type == .dir { try push(countNew: node, image, directory.source.handle.path(of: node.name)) }
            if there.type == .dir { try push(countDeleted: there.name, directory) }
        }
    }

    /// What cannot be listed stays as it is; of the root that is an error.
    private func leave(_ directory: PlannedDirectory, _ problem: any Error) throws {
        if directory.isRoot { throw problem }
        switch problem {
        case let error as EntryError: run.leave(directory.source.handle.path(), error.detail)
        case let error as SystemError where error.isUnreachable: run.leave(directory.source.handle.path(), error.reason)
        default: throw problem
        }
    }

    private func descend(_ common: PlanRun.CommonDirectory, _ image: ImageDirectory, _ directory: PlannedDirectory) throws {
        let node = common.node
        let opened: LocalSourceDirectory
        do { opened = try directory.source.openDirectory(node.name) } catch let error as EntryError {
            guard error.kind != .vanished else { return try create(node, image, directory) }
            return run.leave(directory.source.handle.path(of: node.name), error.detail)
        } catch let error as SystemError where error.isUnreachable {
            return run.leave(directory.source.handle.path(of: node.name), error.reason)
        }
        let below = try reader.directory(node, in: image)
        try run.job.checkCancelled()
        try compare(below, PlannedDirectory(opened, image: below, node: opened.isHollow ? nil : node, common.hasSameMetadata))
    }

    private func compareFiles(_ file: FileComparison) {
        let isVouchedFor = run.options.trusted?.vouches(for: file.node, file.there) ?? false
        if isVouchedFor || file.node.isSameFile(as: file.there) { return conclude(file, isSame: true) }
        let hasSameSize = file.node.size == file.there.size
        guard hasSameSize || mayRewrite(file) else { return conclude(file, isSame: false) }
        guard file.node.size > 0 else { return conclude(file, isSame: hasSameSize) }
        run.job.add(Int(clamping: file.node.size), to: .bytesExpected)
        contents += 1
        run.pool.push(.compareContent(file), .ordinary)
    }

    /// Whether the file that is there can be written into.
    private func mayRewrite(_ file: FileComparison) -> Bool {
        guard case .archived = run.image else { return false }
        return run.options.writesInPlace && LinkKey(file.node) == nil && file.there.links == 1 && file.node.size > 0
    }

    func conclude(_ file: FileComparison, isSame: Bool) {
        let isSame = isSame && file.node.size == file.there.size
        guard !isSame, mayRewrite(file) else { return conclude(file.node, file.there, file.directory, isSame: isSame) }
        run.rewrite(file)
    }

    /// The content is known to be the same or not. What has several links on either side is looked at when all is known.
    private func conclude(_ node: Node, _ there: Node, _ directory: PlannedDirectory, isSame: Bool) {
        if LinkKey(node) != nil || there.links > 1 {
            run.deferLink(LinkedEntry(node: node, there: there, directory: directory, hasSameContent: isSame, bytes: bytes(of: node)))
        } else {
            run.settle(node, there, directory, hasSameContent: isSame, bytes: isSame ? nil : bytes(of: node))
        }
    }

    // MARK: On one side

    private func create(_ node: Node, _ image: ImageDirectory, _ directory: PlannedDirectory) throws {
        run.example(.create, directory.source.handle.path(of: node.name))
        if LinkKey(node) != nil {
            return run.deferLink(LinkedEntry(node: node, there: nil, directory: directory, hasSameContent: false, bytes: bytes(of: node)))
        }
        run.add(.write(node), to: directory)
        run.gives(node.right, directory.source.handle.path(of: node.name))
        let bytes = bytes(of: node)
        run.count { plan in
            plan.created += 1
            if node.type == .file { plan.bytesToWrite.grow(by: bytes) }
        }
        if node.type == .dir { try push(countNew: node, image, directory.source.handle.path(of: node.name)) }
    }

    private func push(countNew node: Node, _ image: ImageDirectory, _ path: String) throws {
        run.pool.push(.countNew(try reader.directory(node, in: image), path), .late)
    }

    /// What writing the file takes.
    private func bytes(of node: Node) -> UInt64 {
        guard case .archived(let tree) = run.image, let opener = reader.opener, node.type == .file else { return node.size }
        return run.room(FileExtent(of: node, in: tree.repository, run.zeros, opener).solid, of: node)
    }

    /// Up to so many directories, which are counted before the rest.
    private func countNew(_ directory: ImageDirectory, _ entries: ImageNodes, _ path: String) throws {
        var (count, bytes) = (0, UInt64(0))
        var below: [PlanRun.Job] = []
        var isAtEnd = false
        while !isAtEnd, below.count < PlanRun.entriesInStep {
            try run.job.checkCancelled()
            guard let node = try entries.next() else {
                isAtEnd = true
                continue
            }
            count += 1
            run.gives(node.right, path.pathOf(node.name))
            if node.type == .dir { below.append(.countNew(try reader.directory(node, in: directory), path.pathOf(node.name))) }
            if node.type == .file, LinkKey(node).map(run.countsBytes) ?? true { bytes.grow(by: self.bytes(of: node)) }
        }
        run.count { plan in
            plan.created += count
            plan.bytesToWrite.grow(by: bytes)
        }
        if !isAtEnd { run.pool.push(.countMore(directory, entries, path), .late) }
        run.pool.push(below, .late)
    }

    private func delete(_ there: Node, _ directory: PlannedDirectory) throws {
        guard run.options.deletesExtra else { return }
        if TemporaryName.isOne(there.name) {
            run.add(.delete(there.name), to: directory)
            return run.count { $0.leftOvers += 1 }
        }
        if run.options.spared.contains(directory.source.handle.path(of: there.name)) { return run.count { $0.spared += 1 } }
        run.example(.delete, directory.source.handle.path(of: there.name))
        run.add(.delete(there.name), to: directory)
        run.count { plan in
            plan.deleted += 1
            plan.bytesFreed.grow(by: there.size)
            if there.type != .dir { plan.loses(there.ctime) }
        }
        if there.type == .dir { try push(countDeleted: there.name, directory) }
    }

    private func push(countDeleted name: [UInt8], _ directory: PlannedDirectory) throws {
        run.pool.push(.countDeleted(directory.source, [name]), .late)
    }

    /// What cannot be counted may be deleted all the same, and is told when not.
    private func countDeleted(_ name: [UInt8], in parent: LocalSourceDirectory) throws {
        try run.job.checkCancelled()
        // What is mounted there stays, with all in it.
        guard parent.obstacle(at: name) != .mount, let directory = try? parent.openDirectory(name),
            let entries = try? LocalEntries(of: directory, IssueCollector())
        else { return }
        try countDeleted(entries, of: directory)
    }

    private func countDeleted(_ entries: LocalEntries, of directory: LocalSourceDirectory) throws {
        var deleted = DeletedEntries()
        var below: [[UInt8]] = []
        while below.count < PlanRun.entriesInStep, let node = try? entries.next(IssueCollector()) {
            try run.job.checkCancelled()
            deleted.add(node)
            if node.type == .dir { below.append(node.name) }
        }
        run.held.note(in: directory)
        run.count { plan in
            plan.deleted += deleted.count
            plan.bytesFreed.grow(by: deleted.bytes)
            if let newest = deleted.newest { plan.loses(newest) }
        }
        guard !below.isEmpty else { return }
        entries.pause()
        run.pool.push(.countMoreDeleted(directory, entries), .late)
        run.pool.push(.countDeleted(directory, below), .late)
    }
}

/// Entries of a directory that is to be deleted with all in it.
private struct DeletedEntries {
    var count = 0
    var bytes: UInt64 = 0
    /// The newest change; directories not.
    var newest: NodeTime?

    mutating func add(_ node: Node) {
        count += 1
        bytes.grow(by: node.size)
        guard node.type != .dir, newest.map({ $0.timestamp < node.ctime.timestamp }) ?? true else { return }
        newest = node.ctime
    }
}

extension PlanRun {
    /// A file with other content, which gets the blobs that it lacks.
    func rewrite(_ file: FileComparison) {
        let (blobs, bytes) = file.rewriting
        let path = file.directory.source.handle.path(of: file.node.name)
        example(.replace, path)
        gives(file.node.right(beyond: file.there), path)
        add(.rewrite(file.node, blobs: blobs), to: file.directory)
        count { plan in
            plan.loses(file.there.ctime)
            plan.replaced += 1
            plan.bytesToWrite.grow(by: bytes)
            plan.bytesFreed.grow(by: bytes)
            plan.bytesFreed.grow(by: file.there.size - min(file.there.size, file.node.size))
        }
    }

    /// An entry that is on both sides: unchanged, other metadata, or other content or type.
    /// A link to what is written elsewhere has no bytes of its own; nor have holes (`bytes`).
    func settle(
        _ node: Node, _ there: Node, _ directory: PlannedDirectory, hasSameContent: Bool, isLink: Bool = false, bytes: UInt64? = nil
    ) {
        if hasSameContent, node.hasSameMetadata(as: there) { return count { $0.unchanged += 1 } }
        example(hasSameContent ? .metadata : .replace, directory.source.handle.path(of: node.name))
        add(hasSameContent ? .setMetadata(node) : .write(node), to: directory)
        // What is written anew has lost what it had.
        gives(hasSameContent ? node.right(beyond: there) : node.right, directory.source.handle.path(of: node.name))
        count { plan in
            if there.type != .dir { plan.loses(there.ctime) }
            if hasSameContent {
                plan.metadataOnly += 1
            } else {
                plan.replaced += 1
                plan.bytesFreed.grow(by: there.size)
                if node.type == .file, !isLink { plan.bytesToWrite.grow(by: bytes ?? node.size) }
            }
        }
    }
}
