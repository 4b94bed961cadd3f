import CHost
import Glibc
import HostIO
import Model
import RepositoryEngine
import ResticFormat

/// Content of files: from blobs, large files by all threads; or from a source, by sharing blocks where the file system can.
extension ApplyWorker {
    /// A file of more blobs is written by several threads.
    private static let fewBlobs = 4

    /// Writes `blobs` into the file that is there; makes a new one where that is gone or not a file of one name any more.
    func rewriteFile(_ node: Node, _ blobs: [Int], in directory: RestoredDirectory) throws {
        guard case .archived(let tree) = run.image, let file = try? openInPlace(node, in: directory) else {
            return try write(node, in: directory)
        }
        try writeBlobs(of: node, blobs, in: tree.repository, to: file, as: node.name, directory)
    }

    private func openInPlace(_ node: Node, in directory: RestoredDirectory) throws(SystemError) -> SharedDescriptor? {
        let open = try directory.handle.open()
        let file = try open.descriptor.open(node.name, [.readWrite, .noFollow])
        let status = try file.status()
        guard status.kind == .file, status.links == 1 else { return nil }
        return SharedDescriptor(file)
    }

    func writeFile(_ node: Node, in directory: RestoredDirectory) throws {
        let working = run.placement.workingName(for: node.name, in: directory.handle)
        let mode = EntryMetadata.initialMode(of: node)
        let opened = try run.concerning(directory.handle, node.name) { () throws(SystemError) in
            let open = try directory.handle.open()
            return SharedDescriptor(try open.descriptor.open(working, [.readWrite, .createNew, .noFollow], mode: mode))
        }
        guard let file = opened else { return try skip(node, working, directory) }
        switch (run.image, directory.image) {
        case (.archived(let tree), _): try writeBlobs(of: node, in: tree.repository, to: file, as: working, directory)
        case (.source, .source(let source)): try copy(from: source, node, to: file, as: working, directory)
        default: try giveUp(node, working, directory, "the image has no such file")
        }
    }

    private func finish(_ file: SharedDescriptor, _ node: Node, as working: [UInt8], in directory: RestoredDirectory, bytes: Int) throws {
        try metadata(node, in: directory).set(on: file.descriptor)
        run.count(bytes: bytes, entries: 1)
        try place(working, node, in: directory, bytes: bytes)
    }

    /// The file cannot be had: what was under its name stays as it is.
    private func giveUp(_ node: Node, _ working: [UInt8], _ directory: RestoredDirectory, _ reason: String) throws {
        run.issues.add(EntryIssue(kind: .unrestored, path: directory.handle.path(of: node.name), detail: reason))
        guard working != node.name || run.placement.isDirect else {
            run.job.add(1, to: .filesDone)
            return try run.complete(directory)
        }
        _ = try run.concerning(directory.handle, node.name) { () throws(SystemError) in
            try directory.handle.open().descriptor.remove(working)
        }
        try skip(node, working, directory)
    }

    /// An error of the file that is written; thrown again when it is one of the place.
    private func reason(_ error: SystemError, _ node: Node) throws(SystemError) -> String {
        guard !run.faults.isOfPlace(error, needing: node.size) else { throw error }
        return "\(error.operation): \(error.reason)"
    }

    // MARK: From an archive

    private func writeBlobs(
        of node: Node, _ blobs: [Int]? = nil, in repository: IndexedRepository, to file: SharedDescriptor, as working: [UInt8],
        _ directory: RestoredDirectory
    ) throws {
        guard let opener = reader.opener else { return }
        let layout: ContentLayout
        do throws(ContentLayout.Problem) { layout = try ContentLayout(node.content ?? [], in: repository, run.zeros, opener) } catch {
            switch error {
            case .missing(let id): return try giveUp(node, working, directory, "blob \(id.short) is missing in \(repository.location)")
            case .tooLarge: return try giveUp(node, working, directory, "it is too large")
            }
        }
        // A single blob is written whole by a call of its own size.
        let isSingle = layout.stretches.count == 1 && layout.stretches[0].count == 1 && !layout.stretches[0].isHole
        if blobs != nil || !isSingle || layout.end >= 64 << 10 {
            do throws(SystemError) { try file.descriptor.truncate(to: Int64(clamping: layout.end)) } catch {
                return try giveUp(node, working, directory, try reason(error, node))
            }
        }
        let count = blobs?.count ?? layout.stretches.reduce(0) { $1.isHole ? $0 : $0 + $1.count }
        let helpers = count > Self.fewBlobs ? min(run.threads, count) : 1
        let restoring = RestoringFile(
            file, in: directory, node: node, workingName: working, layout: layout, blobs: blobs, helpers: helpers)
        if helpers > 1 { run.pool.push((1..<helpers).map { _ in .blobs(restoring) }, .urgent) }
        try help(restoring)
    }

    /// Writes blobs of the file until none is left.
    func help(_ file: RestoringFile) throws {
        guard case .archived(let tree) = run.image, let opener = reader.opener, let content = file.node.content else { return }
        while let blob = file.takeBlob() {
            try run.job.checkCancelled()
            do {
                try tree.repository.withBlob(content[blob.index], .data, using: opener) { bytes in
                    try write(bytes, at: blob.offset, size: UInt64(blob.size), to: file)
                }
            } catch let error as RepositoryError {
                file.fail(error.failure.summary)
            } catch let error as SystemError {
                file.fail(try reason(error, file.node))
            }
        }
        switch file.complete() {
        case nil: return
        case .failed(let reason): try giveUp(file.node, file.workingName, file.directory, reason)
        case .written where file.blobs != nil:
            try metadata(file.node, in: file.directory).set(on: file.descriptor.descriptor)
            run.count(bytes: file.bytesWritten, entries: 1)
            run.job.add(1, to: .filesDone)
            try run.complete(file.directory)
        case .written:
            try finish(file.descriptor, file.node, as: file.workingName, in: file.directory, bytes: file.bytesWritten)
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64, size: UInt64, to file: RestoringFile) throws {
        guard UInt64(bytes.count) == size, let position = Int64(exactly: offset) else {
            return file.fail("a blob has not the size that the index says")
        }
        let written =
            file.blobs == nil
            ? try SparseWriting.write(bytes, at: position, to: file.descriptor.descriptor)
            : try PageWriting.write(bytes, at: position, to: file.descriptor.descriptor, room: memory.room(bytes.count))
        file.wrote(written)
        wrote(written)
        run.job.add(bytes.count, to: .bytesDone)
    }

    // MARK: From a source

    private func copy(
        from source: any SourceDirectory, _ node: Node, to file: SharedDescriptor, as working: [UInt8], _ directory: RestoredDirectory
    ) throws {
        let written: Int
        do {
            let image = try source.file(named: node.name)
            written = try clone(image, node, to: file) ?? copy(image, to: file)
        } catch let error as EntryError {
            return try giveUp(node, working, directory, error.detail)
        } catch let error as SystemError {
            return try giveUp(node, working, directory, try reason(error, node))
        }
        try finish(file, node, as: working, in: directory, bytes: written)
    }

    /// Shares the blocks of a file of this machine, which writes nothing; nil where that is not possible.
    private func clone(_ image: any SourceFile, _ node: Node, to file: SharedDescriptor) throws -> Int? {
        guard let source = image.localDescriptor, holdfast_reflink(file.descriptor.raw, source) == 0 else { return nil }
        run.job.add(Int(clamping: node.size), to: .bytesDone)
        return 0
    }

    private func copy(_ image: any SourceFile, to file: SharedDescriptor) throws -> Int {
        let room = memory.room(1 << 20)
        var (size, written) = (0, 0)
        while true {
            try run.job.checkCancelled()
            let run = Int(clamping: try image.zeroRun(at: UInt64(size)))
            if run > 0 {
                size += run
                self.run.job.add(run, to: .bytesDone)
                try image.seek(to: UInt64(size))
                continue
            }
            let count = try image.read(into: room)
            if count == 0 { break }
            let piece = try SparseWriting.write(UnsafeRawBufferPointer(rebasing: room[..<count]), at: Int64(size), to: file.descriptor)
            wrote(piece)
            written += piece
            size += count
            self.run.job.add(count, to: .bytesDone)
        }
        try file.descriptor.truncate(to: Int64(size))
        return written
    }
}
