/// Names as restic stores them: Go's `strconv.Quote` without the outer quotes.
package enum QuotedName {
    package static func quote(_ name: [UInt8]) -> [UInt8] {
        name.withUnsafeBytes { bytes in
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count + 8)
            var index = 0
            while index < bytes.count { index += append(bytes, at: index, to: &output) }
            return output
        }
    }

    /// Whether quoting leaves these bytes as they are and JSON does too.
    static func isPlain(_ name: UnsafeRawBufferPointer) -> Bool { JSONWriter.plainRun(name, from: 0) == name.count }

    /// Appends one scalar, or one byte that is not UTF-8, and returns how many bytes it took.
    private static func append(_ bytes: UnsafeRawBufferPointer, at index: Int, to output: inout [UInt8]) -> Int {
        guard let scalar = UTF8Scalar(bytes, at: index) else {
            appendEscape(0x78, UInt32(bytes[index]), digits: 2, to: &output)
            return 1
        }
        if scalar.value == 0x22 || scalar.value == 0x5C {
            output.append(0x5C)
            output.append(bytes[index])
        } else if isPrintable(scalar.value) {
            output.append(contentsOf: bytes[index..<index + scalar.length])
        } else if let letter = shortEscape(scalar.value) {
            output.append(0x5C)
            output.append(letter)
        } else if scalar.value < 0x20 || scalar.value == 0x7F {
            appendEscape(0x78, scalar.value, digits: 2, to: &output)
        } else if scalar.value < 0x10000 {
            appendEscape(0x75, scalar.value, digits: 4, to: &output)
        } else {
            appendEscape(0x55, scalar.value, digits: 8, to: &output)
        }
        return scalar.length
    }

    private static func appendEscape(_ letter: UInt8, _ value: UInt32, digits: Int, to output: inout [UInt8]) {
        output.append(0x5C)
        output.append(letter)
        for index in stride(from: digits - 1, through: 0, by: -1) {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt32(index * 4) & 15)
            output.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
        }
    }

    private static func shortEscape(_ value: UInt32) -> UInt8? {
        switch value {
        case 0x07: 0x61
        case 0x08: 0x62
        case 0x0C: 0x66
        case 0x0A: 0x6E
        case 0x0D: 0x72
        case 0x09: 0x74
        case 0x0B: 0x76
        default: nil
        }
    }

    /// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space. Go knows Unicode 15.0, so that what
    /// came later counts as not printable; either form unquotes to the same bytes.
    static func isPrintable(_ value: UInt32) -> Bool {
        if value < 0x7F { return value >= 0x20 }
        guard let scalar = Unicode.Scalar(value) else { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator, .paragraphSeparator: return false
        default:
            guard let age = scalar.properties.age else { return false }
            return age.major <= 15 && (age.major < 15 || age.minor == 0)
        }
    }

    /// The bytes that a quoted name stands for, every escape of Go's string literals understood; nil when it is not one.
    package static func unquote(_ quoted: [UInt8]) -> [UInt8]? { quoted.withUnsafeBytes(unquote) }

    static func unquote(_ quoted: UnsafeRawBufferPointer) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(quoted.count)
        var index = 0
        while index < quoted.count {
            let byte = quoted[index]
            guard byte != 0x22, byte != 0x0A else { return nil }
            index += 1
            if byte == 0x5C {
                guard index < quoted.count, unescape(quoted, &index, to: &output) else { return nil }
            } else {
                output.append(byte)
            }
        }
        return output
    }

    private static func unescape(_ quoted: UnsafeRawBufferPointer, _ index: inout Int, to output: inout [UInt8]) -> Bool {
        let letter = quoted[index]
        index += 1
        switch letter {
        case 0x22, 0x5C: output.append(letter)
        case 0x61: output.append(0x07)
        case 0x62: output.append(0x08)
        case 0x66: output.append(0x0C)
        case 0x6E: output.append(0x0A)
        case 0x72: output.append(0x0D)
        case 0x74: output.append(0x09)
        case 0x76: output.append(0x0B)
        case 0x78:
            guard let value = HexDigits.value(quoted, at: index, digits: 2) else { return false }
            index += 2
            output.append(UInt8(truncatingIfNeeded: value))
        case 0x75, 0x55:
            let digits = letter == 0x75 ? 4 : 8
            guard let value = HexDigits.value(quoted, at: index, digits: digits), Unicode.Scalar(value) != nil else { return false }
            index += digits
            UTF8Scalar.append(value, to: &output)
        case 0x30...0x37: return octal(quoted, &index, to: &output)
        default: return false
        }
        return true
    }

    private static func octal(_ quoted: UnsafeRawBufferPointer, _ index: inout Int, to output: inout [UInt8]) -> Bool {
        guard quoted.count - index >= 2 else { return false }
        var value = UInt32(quoted[index - 1] - 0x30)
        for character in quoted[index..<index + 2] {
            guard character &- 0x30 < 8 else { return false }
            value = value << 3 | UInt32(character - 0x30)
        }
        index += 2
        guard let byte = UInt8(exactly: value) else { return false }
        output.append(byte)
        return true
    }
}
