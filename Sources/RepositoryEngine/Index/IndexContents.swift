import HostIO
import Model
import ObjectStorage
import ResticFormat

/// All that the index files say, pack by pack: what check and prune need and the blob table does not keep.
struct IndexContents {
    /// Every listing of every pack; a pack may stand in more than one index file.
    var packs: [PackID: [IndexedBlob]] = [:]
    /// The index files that could be read, and the packs that each lists.
    var files: [IndexID: [PackID]] = [:]
    var unreadable: [UnreadableIndex] = []
    /// Packs of which two index files say different things.
    var contradictions: Set<PackID> = []

    /// The exact size of a pack file: its blobs, its sealed header, the header's length.
    static func packSize(_ blobs: [IndexedBlob]) -> UInt64 {
        blobs.reduce(UInt64(Sealing.overhead + PackHeader.trailerLength)) { sum, blob in
            sum + UInt64(blob.length) + UInt64(blob.isCompressed ? PackHeader.compressedRecordLength : PackHeader.plainRecordLength)
        }
    }
}

struct UnreadableIndex: Sendable {
    let id: IndexID
    let reason: String
    /// Its bytes are at fault, not the way to them: it will not be read again.
    let isDamaged: Bool
}

extension OpenRepository {
    /// Starts again when a prune replaces index files meanwhile.
    func loadIndexContents() throws -> IndexContents {
        for _ in 0..<8 {
            do {
                return try loadIndexContentsOnce()
            } catch let error as StorageError where error.kind == .notFound {
                continue
            }
        }
        return try loadIndexContentsOnce()
    }

    private func loadIndexContentsOnce() throws -> IndexContents {
        var contents = IndexContents()
        for id in try storage.ids(in: RepositoryNames.indexFolder, naming: IndexNamed.self) {
            do {
                let json = try files.read(RepositoryNames.index(id), id: id)
                let packs = try IndexFile.decode(json)
                contents.files[id] = packs.map(\.id)
                for pack in packs { contents.add(pack) }
            } catch let error as StorageError where error.kind == .inputOutput {
                contents.unreadable.append(UnreadableIndex(id: id, reason: error.failure.summary, isDamaged: false))
            } catch {
                guard let reason = UnpackedFiles.damage(error) else { throw error }
                contents.unreadable.append(UnreadableIndex(id: id, reason: reason, isDamaged: true))
            }
        }
        return contents
    }
}

extension IndexContents {
    fileprivate mutating func add(_ pack: IndexedPack) {
        let blobs = pack.blobs.sorted { $0.offset < $1.offset }
        guard let known = packs[pack.id] else {
            packs[pack.id] = blobs
            return
        }
        if known != blobs {
            contradictions.insert(pack.id)
            packs[pack.id] = Array(Set(known + blobs)).sorted { $0.offset < $1.offset }
        }
    }
}
