import Glibc
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Synchronization

/// A file that is on both sides while its content is compared.
final class FileComparison: Sendable {
    let node: Node
    let there: Node
    let directory: PlannedDirectory
    let image: ImageDirectory
    /// The last change is so long ago that another would show.
    let isSettled: Bool
    private let state = Mutex(State())

    private struct State {
        var outstanding = 0
        var differs = false
        /// The offset of each blob in the file.
        var offsets: [UInt64] = []
        var blobs: [Int] = []
        var bytes: UInt64 = 0
    }

    /// `now`: before the content is read.
    init(node: Node, there: Node, directory: PlannedDirectory, image: ImageDirectory, now: Timestamp) {
        isSettled = now.secondsSince(there.ctime.timestamp) > ComparedFiles.tick(of: there.ctime)
        self.node = node
        self.there = there
        self.directory = directory
        self.image = image
    }

    func begin(offsets: [UInt64], parts: Int) {
        state.withLock { state in
            state.offsets = offsets
            state.outstanding = parts
        }
    }

    func offset(of blob: Int) -> UInt64 { state.withLock { $0.offsets[blob] } }
    var differs: Bool { state.withLock { $0.differs } }

    /// A blob that the file there does not hold.
    func differs(in blob: Int, bytes: Int) {
        state.withLock { state in
            state.blobs.append(blob)
            state.bytes.grow(by: UInt64(bytes))
        }
    }

    /// What an earlier comparison has found.
    func adopt(_ found: ComparedFiles.Found) {
        state.withLock { state in
            state.blobs = found.blobs
            state.bytes = found.bytes
        }
    }

    /// Blobs that are to be written into the file, and their bytes; of a file of which all blobs were compared.
    var rewriting: (blobs: [Int], bytes: UInt64) { state.withLock { ($0.blobs.sorted(), $0.bytes) } }

    /// Whether all parts are the same, when this was the last part.
    func complete(isSame: Bool) -> Bool? {
        state.withLock { state in
            if !isSame { state.differs = true }
            state.outstanding -= 1
            return state.outstanding == 0 ? !state.differs : nil
        }
    }
}

/// Memory of one thread for comparing.
final class ContentHashing {
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)

    deinit { memory.deallocate() }

    func room(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if memory.count < count {
            memory.deallocate()
            memory = .allocate(byteCount: count, alignment: 4096)
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
    }
}

extension PlanWorker {
    /// Bytes of a file that one thread compares at a time.
    private static let partBytes: UInt64 = 16 << 20

    func compareContent(_ file: FileComparison) throws {
        if let found = ComparedFiles.shared.found(file, run.options) {
            file.adopt(found)
            run.job.add(Int(clamping: file.node.size), to: .bytesDone)
            return conclude(file, isSame: found.isSame)
        }
        switch (run.image, file.image) {
        case (.archived(let tree), _):
            guard let offsets = offsets(of: file.node, in: tree.repository) else { return finish(file, isSame: false) }
            let parts = split(offsets, size: file.node.size)
            file.begin(offsets: offsets, parts: parts.count)
            run.pool.push(parts.map { .compareBlobs(file, $0) }, .urgent)
        case (.source, .source(let directory)): finish(file, isSame: try isSame(file, directory))
        default: finish(file, isSame: false)
        }
    }

    private func finish(_ file: FileComparison, isSame: Bool) {
        run.job.add(Int(clamping: file.node.size), to: .bytesDone)
        conclude(file, isSame: isSame)
    }

    /// nil when a blob is missing or the blobs do not make up the size.
    private func offsets(of node: Node, in repository: IndexedRepository) -> [UInt64]? {
        var offsets: [UInt64] = []
        var end: UInt64 = 0
        for id in node.content ?? [] {
            guard let size = repository.plainSize(of: id, .data) else { return nil }
            offsets.append(end)
            end += UInt64(size)
        }
        return end == node.size ? offsets : nil
    }

    private func split(_ offsets: [UInt64], size: UInt64) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = 0
        for index in offsets.indices where offsets[index] - offsets[start] >= Self.partBytes {
            parts.append(start..<index)
            start = index
        }
        parts.append(start..<offsets.count)
        return parts
    }

    func compareBlobs(_ file: FileComparison, _ range: Range<Int>) throws {
        let isSame = try run.options.writesInPlace ? findDiffering(file, range) : !file.differs && haveSameBlobs(file, range)
        guard let all = file.complete(isSame: isSame) else { return }
        let (blobs, bytes) = file.rewriting
        ComparedFiles.shared.remember(file, .init(isSame: all, blobs: blobs, bytes: bytes), run.options)
        finish(file, isSame: all)
    }

    /// The blobs of `range` against the same bytes of the file that is there.
    private func haveSameBlobs(_ file: FileComparison, _ range: Range<Int>) throws -> Bool {
        guard case .archived(let tree) = run.image, let opener = reader.opener, let content = file.node.content else { return false }
        guard let local = try local(file) else { return false }
        try local.seek(to: file.offset(of: range.lowerBound))
        for id in content[range] {
            try run.job.checkCancelled()
            guard let size = tree.repository.plainSize(of: id, .data) else { return false }
            let room = hashing.room(size)
            guard try local.read(into: room) == size else { return false }
            guard opener.hash(UnsafeRawBufferPointer(room), naming: BlobNamed.self) == id else { return false }
        }
        return true
    }

    /// Notes the blobs of `range` that the file there does not hold; whether it holds all. It may be shorter or longer.
    private func findDiffering(_ file: FileComparison, _ range: Range<Int>) throws -> Bool {
        guard case .archived(let tree) = run.image, let opener = reader.opener, let content = file.node.content else { return false }
        guard let local = try local(file) else { return false }
        var (isSame, isAtEnd) = (true, file.offset(of: range.lowerBound) >= file.there.size)
        if !isAtEnd { try local.seek(to: file.offset(of: range.lowerBound)) }
        for index in range {
            try run.job.checkCancelled()
            guard let size = tree.repository.plainSize(of: content[index], .data) else { return false }
            let room = hashing.room(size)
            isAtEnd = try isAtEnd || local.read(into: room) < size
            if !isAtEnd, opener.hash(UnsafeRawBufferPointer(room), naming: BlobNamed.self) == content[index] { continue }
            isSame = false
            file.differs(in: index, bytes: size)
        }
        return isSame
    }

    /// nil when it has vanished.
    private func local(_ file: FileComparison) throws -> (any SourceFile)? {
        do { return try file.directory.source.file(named: file.node.name) } catch let error as EntryError where error.kind == .vanished {
            return nil
        }
    }

    private func isSame(_ file: FileComparison, _ directory: any SourceDirectory) throws -> Bool {
        let image = try directory.file(named: file.node.name)
        guard let local = try local(file) else { return false }
        let half = 1 << 20
        let room = hashing.room(2 * half)
        let left = UnsafeMutableRawBufferPointer(rebasing: room[..<half])
        let right = UnsafeMutableRawBufferPointer(rebasing: room[half...])
        while true {
            try run.job.checkCancelled()
            let count = try image.read(into: left)
            guard try local.read(into: right) == count else { return false }
            if count == 0 { return true }
            guard let first = left.baseAddress, let second = right.baseAddress, memcmp(first, second, count) == 0 else { return false }
        }
    }
}
