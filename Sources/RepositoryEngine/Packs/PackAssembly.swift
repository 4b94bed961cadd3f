import HostIO
import ResticFormat

/// A pack while it is filled: sealed blobs back to back in memory, and the records of its header. Owned by one thread at a time.
final class PackAssembly: @unchecked Sendable {
    // Sendable because it is handed from one thread to the next (a lock, then a queue) and never shared.
    let kind: BlobKind
    private(set) var records: [IndexedBlob] = []
    private(set) var used = 0
    private var memory: UnsafeMutableRawBufferPointer

    init(kind: BlobKind, capacity: Int) {
        self.kind = kind
        memory = .allocateLarge(byteCount: capacity)
        records.reserveCapacity(64)
    }

    deinit { memory.deallocate() }

    var capacity: Int { memory.count }
    var isEmpty: Bool { records.isEmpty }
    var body: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[0..<used]) }

    /// Room for the records that are in and one more, in the sealed header.
    private static let mostRecords = 200_000

    /// Whether a blob of `count` sealed bytes fits.
    func hasRoom(for count: Int) -> Bool { used + count <= memory.count && records.count < Self.mostRecords }

    func append(_ sealed: UnsafeRawBufferPointer, id: BlobID, kind: BlobKind, uncompressedLength: UInt32?) {
        precondition(hasRoom(for: sealed.count), "pack overflow")
        UnsafeMutableRawBufferPointer(rebasing: memory[used..<(used + sealed.count)]).copyMemory(from: sealed)
        records.append(
            IndexedBlob(id: id, kind: kind, offset: UInt32(used), length: UInt32(sealed.count), uncompressedLength: uncompressedLength))
        used += sealed.count
    }

    /// Takes over all blobs of another assembly, which must fit.
    func append(contentsOf other: PackAssembly) {
        for record in other.records {
            let bytes = UnsafeRawBufferPointer(rebasing: other.body[Int(record.offset)..<Int(record.offset + record.length)])
            append(bytes, id: record.id, kind: record.kind, uncompressedLength: record.uncompressedLength)
        }
    }
}
