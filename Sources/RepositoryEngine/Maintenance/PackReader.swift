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

    /// `expected`: what the index says of the pack, in the order of offsets.
    func problems(of id: PackID, size: UInt64, expected: [IndexedBlob]?) throws -> [CheckProblem] {
        let name = RepositoryNames.pack(id)
        guard let count = Int(exactly: size), count >= PackHeader.trailerLength + Sealing.overhead else {
            return [CheckProblem(.pack(id), "is too short")]
        }
        let bytes = memory.bytes(count)
        do {
            try repository.storage.read(name, from: 0, into: bytes)
        } catch {
            guard error.kind != .unreachable else { throw error }
            return [CheckProblem(.pack(id), error.failure.summary)]
        }
        let isNamedRight = opener.hash(UnsafeRawBufferPointer(bytes), naming: PackNamed.self) == id
        var problems = isNamedRight ? [] : [CheckProblem(.pack(id), "its bytes do not hash to its name")]
        do {
            let blobs = try header(in: bytes, name)
            if let expected, expected != blobs { problems.append(CheckProblem(.pack(id), "its header and the index say different things")) }
            for blob in blobs { problems += try problem(of: blob, in: bytes) }
        } catch let error as any FailureConvertible where error is FormatError || error is RepositoryError {
            problems.append(CheckProblem(.pack(id), error.failure.summary))
            // Without its header the pack is still readable by the index: say which blobs are lost and which are not.
            for blob in expected ?? [] { problems += try problem(of: blob, in: bytes) }
        }
        return problems
    }

    private func header(in bytes: UnsafeMutableRawBufferPointer, _ name: ObjectName) throws -> [IndexedBlob] {
        let trailer = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes).suffix(PackHeader.trailerLength))
        let length = try PackHeader.sealedHeaderLength(trailer: trailer, packSize: UInt64(bytes.count))
        let end = bytes.count - PackHeader.trailerLength
        let sealed = UnsafeMutableRawBufferPointer(rebasing: bytes[(end - length)..<end])
        return try repository.openHeader(sealed, blobBytes: UInt64(end - length), name: name, cipher: cipher)
    }

    private func problem(of blob: IndexedBlob, in bytes: UnsafeMutableRawBufferPointer) throws -> [CheckProblem] {
        let end = UInt64(blob.offset) + UInt64(blob.length)
        guard end <= UInt64(bytes.count) else { return [CheckProblem(.blob(blob.id, blob.kind), "lies behind the end of its pack")] }
        let sealed = UnsafeMutableRawBufferPointer(rebasing: bytes[Int(blob.offset)..<Int(end)])
        guard case .damaged(let reason) = try opener.open(sealed, id: blob.id, uncompressedLength: blob.uncompressedLength) else {
            return []
        }
        return [CheckProblem(.blob(blob.id, blob.kind), reason)]
    }
}
