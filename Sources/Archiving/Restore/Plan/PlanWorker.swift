import HostIO
import RepositoryEngine
import ResticFormat

/// One thread of a planning.
final class PlanWorker {
    let run: PlanRun
    let reader: ImageReader
    let hashing: ContentHashing

    init(run: PlanRun) throws {
        self.run = run
        reader = try ImageReader(run.image, job: run.job)
        hashing = ContentHashing()
    }

    func perform(_ job: PlanRun.Job) throws {
        switch job {
        case .compare(let image, let directory): try compare(image, directory)
        case .countNew(let directory, let path): try countNew(directory, path)
        case .descend(let image, let directory, let nodes, let common):
            for entry in common { try descend(nodes[entry.index], entry.hasSameMetadata, image, directory) }
        case .countDeleted(let directory, let names):
            for name in names { try countDeleted(name, in: directory) }
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
        var wanted = try reader.nodes(of: image)
        if directory.isRoot, !run.options.excludedAtRoot.isEmpty { wanted.removeAll { run.options.excludedAtRoot.contains($0.name) } }
        var below: [PlanRun.CommonDirectory] = []
        var next = 0
        let isListed = try forEachEntry(of: directory) { there in
            while next < wanted.count, Tree.areInOrder(wanted[next].name, there.name) {
                try create(wanted[next], image, directory)
                next += 1
            }
            guard next < wanted.count, wanted[next].name == there.name else { return try delete(there, directory) }
            let node = wanted[next]
            if node.type == .dir, there.type == .dir {
                below.append(PlanRun.CommonDirectory(index: next, hasSameMetadata: node.hasSameMetadata(as: there)))
                run.gives(node.right(beyond: there), directory.source.handle.path(of: node.name))
            } else {
                try compare(node, there, image, directory)
            }
            next += 1
        }
        guard isListed else { return }
        for node in wanted[next...] { try create(node, image, directory) }
        for start in stride(from: 0, to: below.count, by: PlanRun.directoriesInBatch).reversed() {
            let batch = Array(below[start..<min(start + PlanRun.directoriesInBatch, below.count)])
            run.pool.push(.descend(image, directory, wanted, batch), .late)
        }
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

    /// False, and told, when they cannot be listed; then `body` was not called. Its own errors are those of the image.
    private func forEachEntry(of directory: PlannedDirectory, _ body: (Node) throws -> Void) throws -> Bool {
        var problem: (any Error)?
        do {
            try directory.source.forEachEntry(IssueCollector()) { node in
                do { try body(node) } catch {
                    problem = error
                    throw error
                }
            }
            return true
        } catch let error as EntryError where !directory.isRoot && problem == nil {
            run.leave(directory.source.handle.path(), error.detail)
        } catch let error as SystemError where !directory.isRoot && error.isUnreachable && problem == nil {
            run.leave(directory.source.handle.path(), error.reason)
        }
        return false
    }

    private func descend(_ node: Node, _ hasSameMetadata: Bool, _ image: ImageDirectory, _ directory: PlannedDirectory) throws {
        let opened: LocalSourceDirectory
        do { opened = try directory.source.openDirectory(node.name) } catch let error as EntryError {
            guard error.kind != .vanished else { return try create(node, image, directory) }
            return run.leave(directory.source.handle.path(of: node.name), error.detail)
        } catch let error as SystemError where error.isUnreachable {
            return run.leave(directory.source.handle.path(of: node.name), error.reason)
        }
        let below = try reader.directory(node, in: image)
        try run.job.checkCancelled()
        try compare(below, PlannedDirectory(opened, image: below, node: opened.isHollow ? nil : node, hasSameMetadata))
    }

    private func compareFiles(_ file: FileComparison) {
        let isVouchedFor = run.options.trusted?.vouches(for: file.node, file.there) ?? false
        if isVouchedFor || file.node.isSameFile(as: file.there) { return conclude(file, isSame: true) }
        let hasSameSize = file.node.size == file.there.size
        guard hasSameSize || mayRewrite(file) else { return conclude(file, isSame: false) }
        guard file.node.size > 0 else { return conclude(file, isSame: hasSameSize) }
        run.job.add(Int(clamping: file.node.size), to: .bytesExpected)
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

    private func countNew(_ directory: ImageDirectory, _ path: String) throws {
        try run.job.checkCancelled()
        var (entries, bytes) = (0, UInt64(0))
        for node in try reader.nodes(of: directory) {
            entries += 1
            run.gives(node.right, path.pathOf(node.name))
            if node.type == .dir { try push(countNew: node, directory, path.pathOf(node.name)) }
            if node.type == .file, LinkKey(node).map(run.countsBytes) ?? true { bytes.grow(by: self.bytes(of: node)) }
        }
        run.count { plan in
            plan.created += entries
            plan.bytesToWrite.grow(by: bytes)
        }
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
            let nodes = try? directory.entries(IssueCollector())
        else { return }
        run.held.note(in: directory)
        var bytes: UInt64 = 0
        var newest: NodeTime?
        for node in nodes {
            bytes.grow(by: node.size)
            guard node.type != .dir, newest.map({ $0.timestamp < node.ctime.timestamp }) ?? true else { continue }
            newest = node.ctime
        }
        run.count { plan in
            plan.deleted += nodes.count
            plan.bytesFreed.grow(by: bytes)
            if let newest { plan.loses(newest) }
        }
        let below = nodes.filter { $0.type == .dir }.map(\.name)
        for start in stride(from: 0, to: below.count, by: PlanRun.directoriesInBatch) {
            run.pool.push(.countDeleted(directory, Array(below[start..<min(start + PlanRun.directoriesInBatch, below.count)])), .late)
        }
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
