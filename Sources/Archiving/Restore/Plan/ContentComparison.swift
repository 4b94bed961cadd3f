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
        var layout: ContentLayout?
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

    func begin(_ layout: ContentLayout, parts: Int) {
        state.withLock { state in
            state.layout = layout
            state.outstanding = parts
        }
    }

    func stretches(_ range: Range<Int>) -> ArraySlice<ContentLayout.Stretch> { state.withLock { $0.layout?.stretches[range] ?? [] } }
    /// Far fewer stretches than blobs.
    var isMostlyHoles: Bool {
        let (stretches, blobs) = (state.withLock { $0.layout?.stretches.count ?? 0 }, node.content?.count ?? 0)
        return blobs > 10_000 && stretches < blobs / 10
    }
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
            guard let layout = layout(of: file.node, in: tree.repository) else { return finish(file, isSame: false) }
            let parts = split(layout.stretches)
            file.begin(layout, parts: parts.count)
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
    private func layout(of node: Node, in repository: IndexedRepository) -> ContentLayout? {
        guard let opener = reader.opener, let layout = try? ContentLayout(node.content ?? [], in: repository, run.zeros, opener) else {
            return nil
        }
        return layout.end == node.size ? layout : nil
    }

    /// Holes cost next to nothing, however large.
    private func split(_ stretches: [ContentLayout.Stretch]) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var (start, bytes) = (0, UInt64(0))
        for (index, stretch) in stretches.enumerated() {
            bytes.grow(by: stretch.isHole ? 0 : stretch.length)
            guard bytes >= Self.partBytes else { continue }
            parts.append(start..<(index + 1))
            (start, bytes) = (index + 1, 0)
        }
        if start < stretches.count || parts.isEmpty { parts.append(start..<stretches.count) }
        return parts
    }

    func compareBlobs(_ file: FileComparison, _ range: Range<Int>) throws {
        let isSame = try run.options.writesInPlace ? findDiffering(file, range) : !file.differs && haveSameBlobs(file, range)
        guard let all = file.complete(isSame: isSame) else { return }
        let (blobs, bytes) = file.rewriting
        ComparedFiles.shared.remember(file, .init(isSame: all, blobs: blobs, bytes: bytes), run.options)
        finish(file, isSame: all)
    }

    /// The stretches of `range` against the same bytes of the file that is there.
    private func haveSameBlobs(_ file: FileComparison, _ range: Range<Int>) throws -> Bool {
        guard let local = try local(file) else { return false }
        for stretch in file.stretches(range) {
            if stretch.isHole {
                guard try holdsZeros(local, at: stretch.offset, stretch.length) else { return false }
                continue
            }
            try local.seek(to: stretch.offset)
            for index in stretch.first..<(stretch.first + stretch.count) {
                guard try holds(local, file, index, stretch.size) else { return false }
            }
        }
        return true
    }

    /// Notes the blobs of `range` that the file there does not hold; whether it holds all. It may be shorter or longer.
    private func findDiffering(_ file: FileComparison, _ range: Range<Int>) throws -> Bool {
        guard let local = try local(file) else { return false }
        var isSame = true
        for stretch in file.stretches(range) {
            let end = stretch.offset + stretch.length
            if stretch.isHole, end <= file.there.size, try holdsZeros(local, at: stretch.offset, stretch.length) { continue }
            for index in stretch.first..<(stretch.first + stretch.count) {
                let offset = stretch.offset(of: index)
                try local.seek(to: offset)
                if offset < file.there.size, try holds(local, file, index, stretch.size) { continue }
                isSame = false
                file.differs(in: index, bytes: stretch.size)
            }
        }
        return isSame
    }

    /// Whether the next bytes of the file are those of the blob.
    private func holds(_ local: any SourceFile, _ file: FileComparison, _ index: Int, _ size: Int) throws -> Bool {
        try run.job.checkCancelled()
        guard let opener = reader.opener, let content = file.node.content else { return false }
        let room = hashing.room(size)
        guard try fill(room, from: local) else { return false }
        return opener.hash(UnsafeRawBufferPointer(room), naming: BlobNamed.self) == content[index]
    }

    /// Jumps over holes; what is no hole is read.
    private func holdsZeros(_ local: any SourceFile, at offset: UInt64, _ length: UInt64) throws -> Bool {
        var position = offset
        var rest = length
        while rest > 0 {
            try run.job.checkCancelled()
            let hole = min(rest, (try? local.zeroRun(at: position)) ?? 0)
            position += hole
            rest -= hole
            guard hole == 0 else { continue }
            let room = hashing.room(Int(min(rest, 1 << 20)))
            try local.seek(to: position)
            guard try fill(room, from: local), room.allSatisfy({ $0 == 0 }) else { return false }
            position += UInt64(room.count)
            rest -= UInt64(room.count)
        }
        return true
    }

    /// nil when it has vanished or cannot be opened: then it is another one.
    private func local(_ file: FileComparison) throws -> (any SourceFile)? {
        do { return try file.directory.source.file(named: file.node.name) } catch is EntryError { return nil }
    }

    /// Fills `room`; false where the file ends before, or cannot be read.
    private func fill(_ room: UnsafeMutableRawBufferPointer, from file: any SourceFile) throws -> Bool {
        do { return try file.read(into: room) == room.count } catch is EntryError { return false }
    }

    private func isSame(_ file: FileComparison, _ directory: any SourceDirectory) throws -> Bool {
        let image = try directory.file(named: file.node.name)
        guard let local = try local(file) else { return false }
        let half = 1 << 20
        let room = hashing.room(2 * half)
        let left = UnsafeMutableRawBufferPointer(rebasing: room[..<half])
        let right = UnsafeMutableRawBufferPointer(rebasing: room[half...])
        var position: UInt64 = 0
        while true {
            try run.job.checkCancelled()
            let holes = min(try image.zeroRun(at: position), (try? local.zeroRun(at: position)) ?? 0)
            if holes > 0 {
                position += holes
                try image.seek(to: position)
                try local.seek(to: position)
            }
            let count = try image.read(into: left)
            position += UInt64(count)
            guard let present = try? local.read(into: right), present == count else { return false }
            if count == 0 { return true }
            guard let first = left.baseAddress, let second = right.baseAddress, memcmp(first, second, count) == 0 else { return false }
        }
    }
}
