import HostIO
import ResticFormat

/// A pack while it is filled: sealed blobs back to back in memory, or in a spool file, and the records of its header. Owned by one thread
/// at a time.
final class PackAssembly: @unchecked Sendable {
    // Sendable because it is handed from one thread to the next (a lock, then a queue) and never shared.
    private enum Room {
        case memory(UnsafeMutableRawBufferPointer)
        case file(SpoolFile)
    }

    let kind: BlobKind
    let capacity: Int
    /// Blobs that it holds at most.
    let mostBlobs: Int
    private(set) var records: [IndexedBlob] = []
    private(set) var used = 0
    private let room: Room

    /// `spool`: a directory for the bytes; nil keeps them in memory. `mostBlobs` is at least 1.
    init(kind: BlobKind, capacity: Int, mostBlobs: Int, spool: String? = nil) throws {
        self.kind = kind
        self.capacity = capacity
        self.mostBlobs = mostBlobs
        room = if let spool { .file(try SpoolFile(in: spool)) } else { .memory(.allocateLarge(byteCount: capacity)) }
        records.reserveCapacity(64)
    }

    deinit { if case .memory(let memory) = room { memory.deallocate() } }

    var isEmpty: Bool { records.isEmpty }

    /// Valid until the next blob is appended, and while this lives.
    func body() throws -> UnsafeRawBufferPointer {
        switch room {
        case .memory(let memory): UnsafeRawBufferPointer(rebasing: memory[0..<used])
        case .file(let file): try file.content()
        }
    }

    /// Whether a blob of `count` sealed bytes fits.
    func hasRoom(for count: Int) -> Bool { used + count <= capacity && records.count < mostBlobs }

    /// Whether all blobs of another assembly fit.
    func hasRoom(for other: PackAssembly) -> Bool {
        used + other.used <= capacity && records.count + other.records.count <= mostBlobs
    }

    /// Throws `packFull` when it does not fit.
    func append(_ sealed: UnsafeRawBufferPointer, id: BlobID, kind: BlobKind, uncompressedLength: UInt32?) throws {
        guard hasRoom(for: sealed.count), let offset = UInt32(exactly: used), let length = UInt32(exactly: sealed.count) else {
            throw RepositoryError.packFull
        }
        switch room {
        case .memory(let memory):
            UnsafeMutableRawBufferPointer(rebasing: memory[used..<(used + sealed.count)]).copyMemory(from: sealed)
        case .file(let file): try file.append(sealed)
        }
        records.append(IndexedBlob(id: id, kind: kind, offset: offset, length: length, uncompressedLength: uncompressedLength))
        used += sealed.count
    }

    /// Takes over all blobs of another assembly, which must fit.
    func append(contentsOf other: PackAssembly) throws {
        let body = try other.body()
        for record in other.records {
            let bytes = UnsafeRawBufferPointer(rebasing: body[Int(record.offset)..<Int(record.offset) + Int(record.length)])
            try append(bytes, id: record.id, kind: record.kind, uncompressedLength: record.uncompressedLength)
        }
    }
}
