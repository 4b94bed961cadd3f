package import ResticFormat

/// A set of blobs, each an id and a kind: 40 bytes a slot. Not thread-safe.
package final class BlobSet {
    private struct Slot {
        var id: (UInt64, UInt64, UInt64, UInt64)
        /// 0: empty; otherwise the kind's raw value + 1.
        var kind: UInt8
    }

    private var slots: UnsafeMutablePointer<Slot>
    private var capacity = 1024
    package private(set) var count = 0

    package init() { slots = Self.allocate(1024) }

    deinit { slots.deallocate() }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
        slots.initialize(repeating: Slot(id: (0, 0, 0, 0), kind: 0), count: capacity)
        return slots
    }

    private func position(_ id: BlobID, _ tag: UInt8) -> Int {
        let mask = capacity - 1
        var position = Int(truncatingIfNeeded: id.words.x ^ UInt64(tag)) & mask
        while slots[position].kind != 0 {
            let found = slots[position]
            if found.kind == tag, found.id.0 == id.words.x, found.id.1 == id.words.y, found.id.2 == id.words.z, found.id.3 == id.words.w {
                break
            }
            position = (position + 1) & mask
        }
        return position
    }

    package func contains(_ id: BlobID, _ kind: BlobKind) -> Bool { slots[position(id, kind.rawValue + 1)].kind != 0 }

    /// Whether the blob was not in the set before.
    @discardableResult
    package func insert(_ id: BlobID, _ kind: BlobKind) -> Bool {
        let place = position(id, kind.rawValue + 1)
        guard slots[place].kind == 0 else { return false }
        slots[place] = Slot(id: (id.words.x, id.words.y, id.words.z, id.words.w), kind: kind.rawValue + 1)
        count += 1
        if count * 3 > capacity * 2 { grow() }
        return true
    }

    private func grow() {
        let old = slots
        let oldCapacity = capacity
        capacity *= 2
        slots = Self.allocate(capacity)
        for index in 0..<oldCapacity where old[index].kind != 0 {
            let slot = old[index]
            slots[position(BlobID(words: SIMD4(slot.id.0, slot.id.1, slot.id.2, slot.id.3)), slot.kind)] = slot
        }
        old.deallocate()
    }

    package func forEach(_ body: (BlobID, BlobKind) throws -> Void) rethrows {
        for index in 0..<capacity where slots[index].kind != 0 {
            guard let kind = BlobKind(rawValue: slots[index].kind - 1) else { continue }
            let id = slots[index].id
            try body(BlobID(words: SIMD4(id.0, id.1, id.2, id.3)), kind)
        }
    }
}
