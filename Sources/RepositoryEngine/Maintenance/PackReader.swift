import HostIO
import Model
import ObjectStorage
import ResticFormat
import Synchronization

/// Reads whole packs and proves them: the file's hash, its header against the index, every blob's MAC, decompression and hash. One per thread.
final class PackReader {
    private let repository: OpenRepository
    private let opener: BlobOpener
    private let cipher: Cipher
    private let memory = ScratchMemory()
    private let threads: Int

    /// Bytes of a pack whose blobs several threads may prove.
    static let large: UInt64 = 1 << 20
    /// Bytes of a pack that is read in one piece; twice what the largest has that anybody writes.
    static let largest: UInt64 = 1 << 30

    /// `threads`: that prove the blobs of one large pack.
    init(_ repository: OpenRepository, threads: Int = 1) throws {
        self.repository = repository
        self.threads = threads
        opener = try repository.makeOpener()
        cipher = try Cipher(repository.key, random: repository.host.random)
    }

    /// `expected`: what the index says of the pack, in the order of offsets. What is not whole is read once more: the storage may be sound and
    /// the way from it not.
    func examine(_ id: PackID, size: UInt64, expected: [IndexedBlob]?) throws -> PackFinding {
        let finding = try look(id, size: size, expected: expected)
        return finding.isWhole ? finding : try look(id, size: size, expected: expected)
    }

    private func look(_ id: PackID, size: UInt64, expected: [IndexedBlob]?) throws -> PackFinding {
        var finding = PackFinding(pack: id)
        if let expected, case let wanted = IndexContents.packSize(expected), wanted != size {
            finding.state = .wrongSize
            finding.flaws.append("has \(size) bytes instead of \(wanted)")
            return try examineEach(expected, of: size, finding)
        }
        let name = RepositoryNames.pack(id)
        guard let count = Int(exactly: size), count >= PackHeader.trailerLength + Sealing.overhead else {
            finding.flaws.append("is too short")
            return finding
        }
        guard size <= Self.largest else {
            finding.flaws.append("has \(size) bytes, more than a pack can have")
            return try examineEach(expected ?? [], of: size, finding)
        }
        let bytes = memory.bytes(count)
        do {
            try repository.storage.read(name, from: 0, into: bytes)
        } catch {
            guard error.isAboutOneObject else { throw error }
            guard error.kind != .notFound else { return .missing(id, expected ?? []) }
            finding.flaws.append(error.failure.summary)
            // A part of it may be readable.
            return try examineEach(expected ?? [], of: size, finding)
        }
        return try examine(bytes, name, expected: expected, finding)
    }

    /// A pack that is in memory.
    private func examine(
        _ bytes: UnsafeMutableRawBufferPointer, _ name: ObjectName, expected: [IndexedBlob]?, _ begun: PackFinding
    ) throws -> PackFinding {
        var finding = begun
        if opener.hash(UnsafeRawBufferPointer(bytes), naming: PackNamed.self) != finding.pack {
            finding.flaws.append("its bytes do not hash to its name")
        }
        var blobs = expected ?? []
        do {
            let listed = try header(in: bytes, name)
            if let expected, expected != listed { finding.flaws.append("its header and the index say different things") }
            blobs = Set(listed + blobs).sorted { $0.offset < $1.offset }
        } catch let error as any FailureConvertible where error is FormatError || error is RepositoryError {
            // Without its header the pack is still readable by the index.
            finding.flaws.append(error.failure.summary)
        }
        for (blob, reason) in try zip(blobs, damage(of: blobs, in: bytes)) {
            if let reason { finding.add(blob, reason) }
        }
        return finding
    }

    private func damage(of blobs: [IndexedBlob], in bytes: UnsafeMutableRawBufferPointer) throws -> [String?] {
        let areApart = zip(blobs, blobs.dropFirst()).allSatisfy { UInt64($0.offset) + UInt64($0.length) <= UInt64($1.offset) }
        guard threads > 1, bytes.count >= Self.large, areApart else { return try blobs.map { try Self.damage(of: $0, in: bytes, opener) } }
        // Each blob's bytes are one thread's.
        nonisolated(unsafe) let bytes = bytes
        let repository = repository
        let reasons = Mutex([String?](repeating: nil, count: blobs.count))
        try runWorkers(threads, sharing: blobs.count, named: "prove") { next in
            let opener = try repository.makeOpener()
            while let index = next() {
                guard let reason = try Self.damage(of: blobs[index], in: bytes, opener) else { continue }
                reasons.withLock { $0[index] = reason }
            }
        }
        return reasons.withLock { $0 }
    }

    private static func damage(
        of blob: IndexedBlob, in bytes: UnsafeMutableRawBufferPointer, _ opener: BlobOpener
    ) throws -> String? {
        let end = UInt64(blob.offset) + UInt64(blob.length)
        guard end <= UInt64(bytes.count) else { return behindTheEnd }
        if let reason = BlobLimits.obstacle(blob.kind, length: blob.length, uncompressedLength: blob.uncompressedLength) { return reason }
        let sealed = UnsafeMutableRawBufferPointer(rebasing: bytes[Int(blob.offset)..<Int(end)])
        return try opener.damage(in: sealed, id: blob.id, uncompressedLength: blob.uncompressedLength)
    }

    private static let behindTheEnd = "lies behind the end of its pack"

    /// Blob by blob, of a pack that cannot be read as a whole.
    private func examineEach(_ blobs: [IndexedBlob], of size: UInt64, _ begun: PackFinding) throws -> PackFinding {
        var finding = begun
        for blob in blobs {
            guard UInt64(blob.offset) + UInt64(blob.length) <= size else {
                finding.add(blob, Self.behindTheEnd)
                continue
            }
            if let reason = BlobLimits.obstacle(blob.kind, length: blob.length, uncompressedLength: blob.uncompressedLength) {
                finding.add(blob, reason)
                continue
            }
            let room = opener.room(Int(blob.length))
            do {
                try repository.storage.read(RepositoryNames.pack(finding.pack), from: UInt64(blob.offset), into: room)
            } catch {
                guard error.isAboutOneObject else { throw error }
                finding.add(blob, error.failure.summary)
                continue
            }
            if let reason = try opener.damage(in: room, id: blob.id, uncompressedLength: blob.uncompressedLength) {
                finding.add(blob, reason)
            }
        }
        return finding
    }

    private func header(in bytes: UnsafeMutableRawBufferPointer, _ name: ObjectName) throws -> [IndexedBlob] {
        let trailer = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes).suffix(PackHeader.trailerLength))
        let length = try PackHeader.sealedHeaderLength(trailer: trailer, packSize: UInt64(bytes.count))
        let end = bytes.count - PackHeader.trailerLength
        let sealed = UnsafeMutableRawBufferPointer(rebasing: bytes[(end - length)..<end])
        return try repository.openHeader(sealed, blobBytes: UInt64(end - length), name: name, cipher: cipher)
    }
}
