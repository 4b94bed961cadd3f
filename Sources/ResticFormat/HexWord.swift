/// Eight hex digits in one machine word, as they lie in memory.
enum HexWord {
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// The 32 bits that eight lower-case digits stand for; nil for other characters.
    @inline(__always)
    static func value(of memory: UInt64) -> UInt64? {
        let digits = UInt64(bigEndian: memory)
        let nibbles = digits & (ones &* 0x0F) &+ (digits >> 6 & ones) &* 9
        guard nibbles & (ones &* 0xF0) == 0, characters(of: nibbles) == digits else { return nil }
        let bytes = (nibbles | nibbles >> 4) & 0x00FF_00FF_00FF_00FF
        let pairs = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF
        return (pairs | pairs >> 16) & 0xFFFF_FFFF
    }

    /// `value` is below 2^32.
    @inline(__always)
    static func digits(of value: UInt64) -> UInt64 {
        let pairs = (value | value << 16) & 0x0000_FFFF_0000_FFFF
        let bytes = (pairs | pairs << 8) & 0x00FF_00FF_00FF_00FF
        return characters(of: (bytes | bytes << 4) & (ones &* 0x0F)).bigEndian
    }

    /// Adding 0x76 to a nibble sets the top bit of its byte from 10 on; from there letters stand 0x27 above digits.
    @inline(__always)
    private static func characters(of nibbles: UInt64) -> UInt64 {
        nibbles &+ (ones &* 0x30) &+ ((nibbles &+ (ones &* 0x76)) >> 7 & ones) &* 0x27
    }
}
