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
    private(set) var records: [IndexedBlob] = []
    private(set) var used = 0
    private let room: Room

    /// `spool`: a directory for the bytes; nil keeps them in memory.
    init(kind: BlobKind, capacity: Int, spool: String? = nil) throws {
        self.kind = kind
        self.capacity = capacity
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

    /// Room for the records that are in and one more, in the sealed header.
    private static let mostRecords = 200_000

    /// Whether a blob of `count` sealed bytes fits.
    func hasRoom(for count: Int) -> Bool { used + count <= capacity && records.count < Self.mostRecords }

    func append(_ sealed: UnsafeRawBufferPointer, id: BlobID, kind: BlobKind, uncompressedLength: UInt32?) throws {
        precondition(hasRoom(for: sealed.count), "pack overflow")
        switch room {
        case .memory(let memory):
            UnsafeMutableRawBufferPointer(rebasing: memory[used..<(used + sealed.count)]).copyMemory(from: sealed)
        case .file(let file): try file.append(sealed)
        }
        records.append(
            IndexedBlob(id: id, kind: kind, offset: UInt32(used), length: UInt32(sealed.count), uncompressedLength: uncompressedLength))
        used += sealed.count
    }

    /// Takes over all blobs of another assembly, which must fit.
    func append(contentsOf other: PackAssembly) throws {
        let body = try other.body()
        for record in other.records {
            let bytes = UnsafeRawBufferPointer(rebasing: body[Int(record.offset)..<Int(record.offset + record.length)])
            try append(bytes, id: record.id, kind: record.kind, uncompressedLength: record.uncompressedLength)
        }
    }
}
