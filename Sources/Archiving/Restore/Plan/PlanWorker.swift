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
        reader = try ImageReader(run.image)
        hashing = ContentHashing()
    }

    func perform(_ job: PlanRun.Job) throws {
        switch job {
        case .compare(let image, let directory): try compare(image, directory)
        case .countNew(let directory): try countNew(directory)
        case .descend(let image, let directory, let pairs):
            for pair in pairs { try descend(pair.node, pair.there, image, directory) }
        case .countDeleted(let directory, let names):
            for name in names { try countDeleted(name, in: directory) }
        case .compareContent(let file): try compareContent(file)
        case .compareBlobs(let file, let range): try compareBlobs(file, range)
        }
    }

    // MARK: On both sides

    private func compare(_ image: ImageDirectory, _ directory: PlannedDirectory) throws {
        if let node = directory.node, !node.hasSameMetadata(as: directory.there) {
            run.count { $0.metadataOnly += 1 }
            run.metadataDiffers(of: directory)
        } else {
            run.count { $0.unchanged += 1 }
        }
        var wanted = try reader.nodes(of: image)
        if directory.source.handle.parent == nil { wanted.removeAll { run.options.excludedAtRoot.contains($0.name) } }
        guard let there = try entries(directory) else { return }
        var below: [PlanRun.EntryPair] = []
        var next = 0
        for node in wanted {
            while next < there.count, Tree.areInOrder(there[next].name, node.name) {
                try delete(there[next], directory)
                next += 1
            }
            if next < there.count, there[next].name == node.name {
                if node.type == .dir, there[next].type == .dir {
                    below.append(PlanRun.EntryPair(node: node, there: there[next]))
                } else {
                    try compare(node, there[next], image, directory)
                }
                next += 1
            } else {
                try create(node, image, directory)
            }
        }
        for extra in there[next...] { try delete(extra, directory) }
        for start in stride(from: 0, to: below.count, by: PlanRun.directoriesInBatch).reversed() {
            let pairs = Array(below[start..<min(start + PlanRun.directoriesInBatch, below.count)])
            run.pool.push(.descend(image, directory, pairs), .late)
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
            if node.type == .dir { run.pool.push(.countNew(try reader.directory(node, in: image)), .late) }
            if there.type == .dir { try push(countDeleted: there.name, directory) }
        }
    }

    /// nil, and told, when they cannot be listed.
    private func entries(_ directory: PlannedDirectory) throws -> [Node]? {
        do { return try directory.source.entries(IssueCollector()) } catch let error as EntryError where !directory.isRoot {
            run.leave(directory.source.handle.path(), error.detail)
            return nil
        } catch let error as SystemError where !directory.isRoot && error.isUnreachable {
            run.leave(directory.source.handle.path(), error.reason)
            return nil
        }
    }

    private func descend(_ node: Node, _ there: Node, _ image: ImageDirectory, _ directory: PlannedDirectory) throws {
        let opened: LocalSourceDirectory
        do { opened = try directory.source.openDirectory(node.name) } catch let error as EntryError {
            guard error.kind != .vanished else { return try create(node, image, directory) }
            return run.leave(directory.source.handle.path(of: node.name), error.detail)
        } catch let error as SystemError where error.isUnreachable {
            return run.leave(directory.source.handle.path(of: node.name), error.reason)
        }
        let below = try reader.directory(node, in: image)
        try run.job.checkCancelled()
        try compare(below, PlannedDirectory(opened, image: below, node: opened.isHollow ? nil : node, there: there))
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
            run.deferLink(LinkedEntry(node: node, there: there, directory: directory, hasSameContent: isSame))
        } else {
            run.settle(node, there, directory, hasSameContent: isSame, bytes: isSame ? nil : bytes(of: node))
        }
    }

    // MARK: On one side

    private func create(_ node: Node, _ image: ImageDirectory, _ directory: PlannedDirectory) throws {
        run.example(.create, directory.source.handle.path(of: node.name))
        if LinkKey(node) != nil {
            return run.deferLink(LinkedEntry(node: node, there: nil, directory: directory, hasSameContent: false))
        }
        run.add(.write(node), to: directory)
        let bytes = bytes(of: node)
        run.count { plan in
            plan.created += 1
            if node.type == .file { plan.bytesToWrite.grow(by: bytes) }
        }
        if node.type == .dir { run.pool.push(.countNew(try reader.directory(node, in: image)), .late) }
    }

    /// What writing the file takes.
    private func bytes(of node: Node) -> UInt64 {
        guard case .archived(let tree) = run.image, let opener = reader.opener, node.type == .file else { return node.size }
        return node.solidBytes(in: tree.repository, run.zeros, opener)
    }

    private func countNew(_ directory: ImageDirectory) throws {
        var (entries, bytes) = (0, UInt64(0))
        for node in try reader.nodes(of: directory) {
            entries += 1
            if node.type == .dir { run.pool.push(.countNew(try reader.directory(node, in: directory)), .late) }
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
        guard let directory = try? parent.openDirectory(name), let nodes = try? directory.entries(IssueCollector()) else { return }
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
        example(.replace, file.directory.source.handle.path(of: file.node.name))
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
