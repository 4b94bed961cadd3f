import ObjectStorage
import ResticFormat

/// What the index says of packs, held against what is there: for whoever judges a repository.
struct PackCensus {
    let contents: IndexContents
    /// Bytes of all pack files.
    let sizes: [PackID: UInt64]
    /// Packs of the index that are missing, have another size than it says, or were found damaged inside.
    var suspects: Set<PackID>
}

extension OpenRepository {
    /// The index is read before the packs are listed: a pack that it lists was there before it.
    func takeCensus() throws -> PackCensus {
        let contents = try loadIndexContents()
        let sizes = try packSizes()
        let noted = try packsNotedDamaged()
        let suspects = contents.packs.filter { noted.contains($0.key) || sizes[$0.key] != IndexContents.packSize($0.value) }
        return PackCensus(contents: contents, sizes: sizes, suspects: Set(suspects.keys))
    }

    /// The pack files in the storage: one listing of all of `data/`.
    func packSizes() throws -> [PackID: UInt64] {
        var sizes: [PackID: UInt64] = [:]
        for pack in try storage.packs() { sizes[pack.id] = pack.size }
        return sizes
    }
}
