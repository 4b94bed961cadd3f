import Archiving
import HostIO
import RepositoryEngine
import ResticFormat
import Synchronization

/// Chunk, hash, compress, compare and encrypt all files of a directory on all processors, and write nothing: what an archiving cannot
/// be faster than. Files are cut every 64 MiB, so that a large one uses all processors.
struct BareLoop {
    private struct Piece {
        let path: String
        let offset: Int64
        let count: Int
    }

    private static let piece = 64 << 20

    let host: Host

    /// Bytes read and bytes sealed.
    func run(_ path: String, with repository: OpenRepository) throws -> (read: Int, sealed: Int) {
        let writer = try repository.lockForWriting().loadIndex().beginWriting()
        defer { writer.abandon() }
        var found: [Piece] = []
        try collect(path, &found)
        let pieces = found
        let next = Atomic<Int>(0)
        let read = Atomic<Int>(0)
        let sealed = Atomic<Int>(0)
        let threads = try (0..<host.processors).map { number in
            try WorkerThread(named: "loop \(number)") {
                let sealer = try writer.makeSealer()
                let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.piece, alignment: 4096)
                defer { memory.deallocate() }
                while true {
                    let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard index < pieces.count else { return }
                    let piece = pieces[index]
                    let file = try Descriptor.open(piece.path, .read)
                    let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: memory[..<piece.count]), at: piece.offset)
                    let size = try Self.seal(UnsafeRawBufferPointer(rebasing: memory[..<count]), sealer)
                    read.wrappingAdd(count, ordering: .relaxed)
                    sealed.wrappingAdd(size, ordering: .relaxed)
                }
            }
        }
        for thread in threads { try thread.join() }
        return (read.load(ordering: .relaxed), sealed.load(ordering: .relaxed))
    }

    private static func seal(_ bytes: UnsafeRawBufferPointer, _ sealer: BlobSealer) throws -> Int {
        var rest = bytes
        var size = 0
        while !rest.isEmpty {
            let length = GearChunker.boundary(in: rest)
            let chunk = UnsafeRawBufferPointer(rebasing: rest[..<length])
            size += try sealer.seal(chunk, id: sealer.id(of: chunk), kind: .data).bytes.count
            rest = UnsafeRawBufferPointer(rebasing: rest[length...])
        }
        return size
    }

    private func collect(_ path: String, _ pieces: inout [Piece]) throws {
        let folder = try Descriptor.openDirectory(path)
        for entry in try folder.entries() {
            let below = path + "/" + String(decoding: entry.name, as: UTF8.self)
            let status = try folder.status(of: entry.name)
            if status.kind == .directory { try collect(below, &pieces) }
            guard status.kind == .file else { continue }
            for offset in stride(from: 0, to: Int(status.size), by: Self.piece) {
                pieces.append(Piece(path: below, offset: Int64(offset), count: min(Self.piece, Int(status.size) - offset)))
            }
        }
    }
}
