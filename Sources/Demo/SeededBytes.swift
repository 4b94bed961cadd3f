/// Bytes from a seed, the same everywhere and quickly: SplitMix64.
struct SeededBytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// Bytes that do not compress.
    mutating func noise(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            var offset = 0
            while offset < count {
                withUnsafeBytes(of: next()) { word in
                    for byte in word.prefix(count - offset) {
                        raw[offset] = byte
                        offset += 1
                    }
                }
            }
            filled = count
        }
    }

    /// Lines of text: about three times smaller when compressed.
    mutating func prose(_ count: Int) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(count + 32)
        while text.count < count {
            let word = next()
            text += Self.words[Int(word & 63)]
            text.append(word >> 6 & 15 == 0 ? 0x0A : 0x20)
            if word >> 10 & 3 == 0 { text += String(word >> 12, radix: 36).utf8 }
        }
        text.removeLast(text.count - count)
        return text
    }

    private static let words: [[UInt8]] = (0..<64).map { index in
        var letters = SeededBytes(seed: UInt64(index))
        return (0..<(3 + index % 7)).map { _ in UInt8(ascii: "a") + UInt8(letters.next() % 26) }
    }
}
