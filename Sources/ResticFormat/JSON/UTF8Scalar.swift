/// A Unicode scalar and the bytes that it takes in UTF-8, 1 to 4.
struct UTF8Scalar {
    let value: UInt32
    let length: Int

    /// The scalar that starts at `index`; nil when the bytes there are not UTF-8 (overlong forms and surrogates included).
    init?(_ bytes: UnsafeRawBufferPointer, at index: Int) {
        let first = bytes[index]
        guard first >= 0x80 else {
            self.init(value: UInt32(first), length: 1)
            return
        }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first <= 0xF4, bytes.count - index >= length else { return nil }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            let next = bytes[index + offset]
            guard next & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(next & 0x3F)
        }
        let smallest: UInt32 = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80
        guard value >= smallest, value <= 0x10FFFF, value & 0xFFFF_F800 != 0xD800 else { return nil }
        self.init(value: value, length: length)
    }

    private init(value: UInt32, length: Int) {
        self.value = value
        self.length = length
    }

    /// Appends `value` in UTF-8; a value that is no scalar becomes U+FFFD.
    static func append(_ value: UInt32, to output: inout [UInt8]) {
        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
        output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            guard let scalar = UTF8Scalar(bytes, at: index) else { return false }
            index += scalar.length
        }
        return true
    }
}
