extension JSONScanner {
    /// A string's text without its escapes. A lone surrogate becomes U+FFFD, as Go has it.
    func unescaped(_ text: UnsafeRawBufferPointer, at offset: Int) throws(FormatError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard text[index] == 0x5C else {
                output.append(text[index])
                index += 1
                continue
            }
            guard index + 1 < text.count else { throw error(.invalid("escape"), at: offset) }
            let letter = text[index + 1]
            index += 2
            if letter == 0x75 {
                try appendUnicode(text, &index, to: &output, offset)
            } else {
                guard let byte = JSONScanner.shortEscape(letter) else { throw error(.invalid("escape"), at: offset) }
                output.append(byte)
            }
        }
        return output
    }

    private static func shortEscape(_ letter: UInt8) -> UInt8? {
        switch letter {
        case 0x22, 0x5C, 0x2F: letter
        case 0x62: 0x08
        case 0x66: 0x0C
        case 0x6E: 0x0A
        case 0x72: 0x0D
        case 0x74: 0x09
        default: nil
        }
    }

    private func appendUnicode(
        _ text: UnsafeRawBufferPointer, _ index: inout Int, to output: inout [UInt8], _ offset: Int
    ) throws(FormatError) {
        guard let unit = HexDigits.value(text, at: index, digits: 4) else { throw error(.invalid("escape"), at: offset) }
        index += 4
        if unit & 0xFC00 == 0xD800, index + 1 < text.count, text[index] == 0x5C, text[index + 1] == 0x75,
            let low = HexDigits.value(text, at: index + 2, digits: 4), low & 0xFC00 == 0xDC00
        {
            index += 6
            UTF8Scalar.append(0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF, to: &output)
        } else {
            UTF8Scalar.append(unit, to: &output)
        }
    }
}

enum HexDigits {
    /// The number in `digits` hex digits of either case at `index`; nil when they are not there.
    static func value(_ text: UnsafeRawBufferPointer, at index: Int, digits: Int) -> UInt32? {
        guard text.count - index >= digits else { return nil }
        var value: UInt32 = 0
        for character in text[index..<index + digits] {
            switch character {
            case 0x30...0x39: value = value << 4 | UInt32(character - 0x30)
            case 0x61...0x66: value = value << 4 | UInt32(character - 0x57)
            case 0x41...0x46: value = value << 4 | UInt32(character - 0x37)
            default: return nil
            }
        }
        return value
    }
}
