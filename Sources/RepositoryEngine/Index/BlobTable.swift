package import ResticFormat

/// Where a blob lies.
package struct BlobLocation: Hashable, Sendable {
    package var pack: PackID
    package var offset: UInt32
    /// Sealed bytes in the pack.
    package var length: UInt32
    /// Plain bytes, when the blob is compressed; nil when it is stored as it is.
    package var uncompressedLength: UInt32?

    package init(pack: PackID, offset: UInt32, length: UInt32, uncompressedLength: UInt32?) {
        self.pack = pack
        self.offset = offset
        self.length = length
        self.uncompressedLength = uncompressedLength
    }

    /// Plain bytes.
    package var plainLength: Int { uncompressedLength.map(Int.init) ?? max(0, Int(length) - Cipher.overhead) }
}

/// Blob id and kind → location, as an open-addressing table of 56 bytes a slot. Not thread-safe.
final class BlobTable {
    private struct Slot {
        var id: (UInt64, UInt64, UInt64, UInt64)
        /// Position in `packs`; `empty` for an empty slot.
        var pack: UInt32
        var offset: UInt32
        var length: UInt32
        /// 0: not compressed.
        var plainLength: UInt32
        var kind: UInt8
        /// In a pack that is marked for deletion, not whole or in no index: readable as far as it goes, but not to be built upon.
        var doomed: Bool

        func isSamePlace(as other: Slot) -> Bool { pack == other.pack && offset == other.offset }
    }

    private struct Blob: Hashable {
        let id: BlobID
        let kind: BlobKind
    }

    private static let empty = UInt32.max
    private var slots: UnsafeMutablePointer<Slot>
    private var capacity: Int
    private(set) var count = 0
    /// Blobs of which every copy is doomed.
    private(set) var doomedCount = 0
    private(set) var packs: [PackID] = []
    /// Bytes that the file of each of ``packs`` must have, as far as its blobs were added together.
    private var packSizes: [UInt64] = []
    private var packPositions: [PackID: UInt32] = [:]
    /// Copies beyond the one in `slots`, which is doomed only when all are. Rare.
    private var copies: [Blob: [Slot]] = [:]

    init(expecting blobs: Int = 512) {
        capacity = 1024
        while capacity * 2 < blobs * 3 { capacity *= 2 }
        slots = Self.allocate(capacity)
    }

    deinit { slots.deallocate() }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
        slots.initialize(
            repeating: Slot(id: (0, 0, 0, 0), pack: empty, offset: 0, length: 0, plainLength: 0, kind: 0, doomed: false), count: capacity)
        return slots
    }

    /// The slot that holds the blob, or the empty one where it would go.
    private func position(_ id: BlobID, _ kind: BlobKind) -> Int {
        let mask = capacity - 1
        var position = Int(truncatingIfNeeded: id.words.x ^ UInt64(kind.rawValue)) & mask
        while true {
            let slot = slots + position
            if slot.pointee.pack == Self.empty { return position }
            let found = slot.pointee.id
            if found.0 == id.words.x, found.1 == id.words.y, found.2 == id.words.z, found.3 == id.words.w,
                slot.pointee.kind == kind.rawValue
            {
                return position
            }
            position = (position + 1) & mask
        }
    }

    func location(of id: BlobID, _ kind: BlobKind) -> BlobLocation? {
        let slot = slots[position(id, kind)]
        return slot.pack == Self.empty ? nil : location(slot)
    }

    private func location(_ slot: Slot) -> BlobLocation {
        BlobLocation(
            pack: packs[Int(slot.pack)], offset: slot.offset, length: slot.length,
            uncompressedLength: slot.plainLength == 0 ? nil : slot.plainLength)
    }

    /// Where else the blob lies.
    func otherLocations(of id: BlobID, _ kind: BlobKind) -> [BlobLocation] { (copies[Blob(id: id, kind: kind)] ?? []).map(location) }

    /// Whether the blob is there in a pack that will stay.
    func holds(_ id: BlobID, _ kind: BlobKind) -> Bool {
        let slot = slots[position(id, kind)]
        return slot.pack != Self.empty && !slot.doomed
    }

    func packPosition(_ pack: PackID) -> UInt32 {
        if let known = packPositions[pack] { return known }
        let position = UInt32(packs.count)
        packs.append(pack)
        packSizes.append(0)
        packPositions[pack] = position
        return position
    }

    /// Adds a blob; one that is known stays where it is, unless that place is doomed and the new one is not.
    func insert(_ id: BlobID, _ kind: BlobKind, pack: UInt32, offset: UInt32, length: UInt32, uncompressedLength: UInt32?, doomed: Bool) {
        let place = slots + position(id, kind)
        let slot = Slot(
            id: (id.words.x, id.words.y, id.words.z, id.words.w), pack: pack, offset: offset, length: length,
            plainLength: uncompressedLength ?? 0, kind: kind.rawValue, doomed: doomed)
        guard place.pointee.pack == Self.empty else { return addCopy(slot, of: Blob(id: id, kind: kind), besides: place) }
        place.pointee = slot
        count += 1
        if doomed { doomedCount += 1 }
        if count * 3 > capacity * 2 { grow() }
    }

    private func addCopy(_ slot: Slot, of blob: Blob, besides first: UnsafeMutablePointer<Slot>) {
        let known = first.pointee
        guard !known.isSamePlace(as: slot), !(copies[blob]?.contains { $0.isSamePlace(as: slot) } ?? false) else { return }
        let isBetter = known.doomed && !slot.doomed
        copies[blob, default: []].append(isBetter ? known : slot)
        guard isBetter else { return }
        first.pointee = slot
        doomedCount -= 1
    }

    func add(_ blobs: [IndexedBlob], of pack: PackID, doomed: Bool) {
        let position = packPosition(pack)
        packSizes[Int(position)] = max(packSizes[Int(position)], IndexContents.packSize(blobs))
        for blob in blobs {
            insert(
                blob.id, blob.kind, pack: position, offset: blob.offset, length: blob.length,
                uncompressedLength: blob.uncompressedLength, doomed: doomed)
        }
    }

    /// Dooms every blob of the packs for which `isDoomed`, told the bytes that the pack's file must have, says so. Where another copy is to
    /// stay, it comes to the front.
    func doom(where isDoomed: (PackID, UInt64) -> Bool) {
        let doomed = zip(packs, packSizes).map(isDoomed)
        guard doomed.contains(true) else { return }
        for index in 0..<capacity where slots[index].pack != Self.empty && doomed[Int(slots[index].pack)] { slots[index].doomed = true }
        for (blob, others) in copies {
            var others = others
            for index in others.indices where doomed[Int(others[index].pack)] { others[index].doomed = true }
            let first = slots + position(blob.id, blob.kind)
            if first.pointee.doomed, let better = others.firstIndex(where: { !$0.doomed }) { swap(&first.pointee, &others[better]) }
            copies[blob] = others
        }
        doomedCount = (0..<capacity).count { slots[$0].pack != Self.empty && slots[$0].doomed }
    }

    private func grow() {
        let old = slots
        let oldCapacity = capacity
        capacity *= 2
        slots = Self.allocate(capacity)
        let mask = capacity - 1
        for index in 0..<oldCapacity where old[index].pack != Self.empty {
            var position = Int(truncatingIfNeeded: old[index].id.0 ^ UInt64(old[index].kind)) & mask
            while slots[position].pack != Self.empty { position = (position + 1) & mask }
            slots[position] = old[index]
        }
        old.deallocate()
    }

    /// Every blob, in no order.
    func forEach(_ body: (BlobID, BlobKind, BlobLocation) throws -> Void) rethrows {
        for index in 0..<capacity where slots[index].pack != Self.empty {
            let slot = slots[index]
            guard let kind = BlobKind(rawValue: slot.kind) else { continue }
            try body(BlobID(words: SIMD4(slot.id.0, slot.id.1, slot.id.2, slot.id.3)), kind, location(slot))
        }
    }
}
