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
        if let expected {
            let problems = Self.sizeProblems(of: id, size: size, expected: expected)
            if !problems.isEmpty { return try problems + self.problems(ofEach: expected, in: id, size: size) }
        }
        let name = RepositoryNames.pack(id)
        guard let count = Int(exactly: size), count >= PackHeader.trailerLength + Sealing.overhead else {
            return [CheckProblem(.packFile(id), "is too short")]
        }
        let bytes = memory.bytes(count)
        do {
            try repository.storage.read(name, from: 0, into: bytes)
        } catch {
            guard error.kind != .unreachable else { throw error }
            guard error.kind != .notFound else { return [CheckProblem(.pack(id), "is not there")] }
            // A part of it may be readable.
            return try [CheckProblem(.packFile(id), error.failure.summary)] + problems(ofEach: expected ?? [], in: id, size: size)
        }
        let isNamedRight = opener.hash(UnsafeRawBufferPointer(bytes), naming: PackNamed.self) == id
        var problems = isNamedRight ? [] : [CheckProblem(.packFile(id), "its bytes do not hash to its name")]
        do {
            let blobs = try header(in: bytes, name)
            if let expected, expected != blobs {
                problems.append(CheckProblem(.packFile(id), "its header and the index say different things"))
            }
            for blob in Set(blobs + (expected ?? [])).sorted(by: { $0.offset < $1.offset }) { problems += try problem(of: blob, in: bytes) }
        } catch let error as any FailureConvertible where error is FormatError || error is RepositoryError {
            problems.append(CheckProblem(.packFile(id), error.failure.summary))
            // Without its header the pack is still readable by the index: say which blobs are lost and which are not.
            for blob in expected ?? [] { problems += try problem(of: blob, in: bytes) }
        }
        return problems
    }

    /// What a wrong size alone says: nothing when it is right.
    static func sizeProblems(of id: PackID, size: UInt64, expected: [IndexedBlob]) -> [CheckProblem] {
        let wanted = IndexContents.packSize(expected)
        guard wanted != size else { return [] }
        let lost = expected.filter { UInt64($0.offset) + UInt64($0.length) > size }
        return [CheckProblem(.packFile(id), "has \(size) bytes instead of \(wanted)")]
            + lost.map { CheckProblem(.blob($0.id, $0.kind), behindTheEnd) }
    }

    private static let behindTheEnd = "lies behind the end of its pack"

    /// Blob by blob, of a pack that cannot be read as a whole.
    private func problems(ofEach blobs: [IndexedBlob], in id: PackID, size: UInt64) throws -> [CheckProblem] {
        var problems: [CheckProblem] = []
        for blob in blobs where UInt64(blob.offset) + UInt64(blob.length) <= size {
            let room = opener.room(Int(blob.length))
            do {
                try repository.storage.read(RepositoryNames.pack(id), from: UInt64(blob.offset), into: room)
            } catch {
                guard error.kind != .unreachable else { throw error }
                problems.append(CheckProblem(.blob(blob.id, blob.kind), error.failure.summary))
                continue
            }
            if case .damaged(let reason) = try opener.open(room, id: blob.id, uncompressedLength: blob.uncompressedLength) {
                problems.append(CheckProblem(.blob(blob.id, blob.kind), reason))
            }
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
        guard end <= UInt64(bytes.count) else { return [CheckProblem(.blob(blob.id, blob.kind), Self.behindTheEnd)] }
        let sealed = UnsafeMutableRawBufferPointer(rebasing: bytes[Int(blob.offset)..<Int(end)])
        guard case .damaged(let reason) = try opener.open(sealed, id: blob.id, uncompressedLength: blob.uncompressedLength) else {
            return []
        }
        return [CheckProblem(.blob(blob.id, blob.kind), reason)]
    }
}
