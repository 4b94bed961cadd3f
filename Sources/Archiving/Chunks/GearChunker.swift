/// Content-defined chunk boundaries: FastCDC (Xia et al., USENIX ATC 2016) with a 64-bit gear hash and normalised chunking.
///
/// A boundary depends on the 64 bytes before it only, so an insertion moves no boundary but those next to it. The table is made from
/// a fixed seed: the same bytes give the same chunks on every machine and in every release.
package enum GearChunker {
    /// Bytes; only a file's last chunk is smaller.
    package static let minimum = 512 << 10
    /// Below this size a boundary is made rarely, above it often, which gathers the sizes around it.
    package static let normal = 1 << 20
    package static let maximum = 2 << 20

    /// Bits of the hash that must be zero below and above the normal size: 22 and 18. The uppermost bit is left out so that
    /// both bytes of an unrolled step can be tested.
    private static let strict: UInt64 = ((1 << 22) - 1) << 41
    private static let loose: UInt64 = ((1 << 18) - 1) << 45
    private static let window = 64

    /// The length of the chunk at the start of `bytes`, which hold at least ``maximum`` bytes or all there are to the file's end.
    package static func boundary(in bytes: UnsafeRawBufferPointer) -> Int {
        let count = min(bytes.count, maximum)
        guard count > minimum, let base = bytes.baseAddress else { return count }
        let input = base.assumingMemoryBound(to: UInt8.self)
        let tables = GearTable.shared
        var hash: UInt64 = 0
        for index in (minimum - window)..<minimum { hash = hash << 1 &+ tables.once[Int(input[index])] }
        var position = minimum
        let middle = min(count, normal)
        if let found = scan(input, from: &position, to: middle, hash: &hash, mask: strict, tables) { return found }
        if let found = scan(input, from: &position, to: count, hash: &hash, mask: loose, tables) { return found }
        return count
    }

    /// The first boundary in (`position`, `end`]; two bytes a step: the hash after the first of them is looked at shifted by one.
    @inline(__always)
    private static func scan(
        _ input: UnsafePointer<UInt8>, from position: inout Int, to end: Int, hash: inout UInt64, mask: UInt64, _ tables: GearTable
    ) -> Int? {
        let once = tables.once
        let twice = tables.twice
        let shifted = mask << 1
        var index = position
        var value = hash
        while index &+ 1 < end {
            value = (value << 2) &+ twice[Int(input[index])]
            if value & shifted == 0 { return index &+ 1 }
            value = value &+ once[Int(input[index &+ 1])]
            if value & mask == 0 { return index &+ 2 }
            index &+= 2
        }
        if index < end {
            value = (value << 1) &+ once[Int(input[index])]
            index &+= 1
            if value & mask == 0 { return index }
        }
        position = index
        hash = value
        return nil
    }
}

/// 256 random words, and the same shifted left by one.
private struct GearTable: @unchecked Sendable {
    // The memory is written once, before anybody sees it, and lives as long as the process.
    let once: UnsafePointer<UInt64>
    let twice: UnsafePointer<UInt64>

    static let shared = GearTable(seed: 0x686F_6C64_6661_7374)

    /// SplitMix64 (Steele, Lea, Flood, 2014).
    init(seed: UInt64) {
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: 512)
        var state = seed
        for index in 0..<256 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            word ^= word >> 31
            words[index] = word
            words[index + 256] = word << 1
        }
        once = UnsafePointer(words)
        twice = UnsafePointer(words + 256)
    }
}
