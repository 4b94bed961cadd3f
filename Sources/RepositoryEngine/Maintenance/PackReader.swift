import HostIO
import Model
import ObjectStorage
import ResticFormat

/// Reads whole packs and proves them: the file's hash, its header against the index, every blob's MAC, decompression and hash. One per thread.
final class PackReader {
    private let repository: OpenRepository
    private let opener: BlobOpener
    private let cipher: Cipher
    private let memory = ScratchMemory()

    init(_ repository: OpenRepository) throws {
        self.repository = repository
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
        for blob in blobs {
            let end = UInt64(blob.offset) + UInt64(blob.length)
            if end > UInt64(bytes.count) {
                finding.add(blob, Self.behindTheEnd)
            } else {
                try prove(blob, UnsafeMutableRawBufferPointer(rebasing: bytes[Int(blob.offset)..<Int(end)]), &finding)
            }
        }
        return finding
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
            let room = opener.room(Int(blob.length))
            do {
                try repository.storage.read(RepositoryNames.pack(finding.pack), from: UInt64(blob.offset), into: room)
            } catch {
                guard error.isAboutOneObject else { throw error }
                finding.add(blob, error.failure.summary)
                continue
            }
            try prove(blob, room, &finding)
        }
        return finding
    }

    private func prove(_ blob: IndexedBlob, _ sealed: UnsafeMutableRawBufferPointer, _ finding: inout PackFinding) throws {
        if let reason = try opener.damage(in: sealed, id: blob.id, uncompressedLength: blob.uncompressedLength) {
            finding.add(blob, reason)
        }
    }

    private func header(in bytes: UnsafeMutableRawBufferPointer, _ name: ObjectName) throws -> [IndexedBlob] {
        let trailer = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes).suffix(PackHeader.trailerLength))
        let length = try PackHeader.sealedHeaderLength(trailer: trailer, packSize: UInt64(bytes.count))
        let end = bytes.count - PackHeader.trailerLength
        let sealed = UnsafeMutableRawBufferPointer(rebasing: bytes[(end - length)..<end])
        return try repository.openHeader(sealed, blobBytes: UInt64(end - length), name: name, cipher: cipher)
    }
}
