/// Words of a statement.
enum SQLWords {
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// Where they are, between separators that are not quoted. By bytes: what makes one character of a quote and what follows it is still a quote.
    static func split(_ bytes: [UInt8], at isSeparator: (UInt8) -> Bool = isSpace) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var start = 0
        var isQuoted = false
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: "\"") { isQuoted.toggle() }
            guard isSeparator(bytes[index]), !isQuoted else { continue }
            if index > start { words.append(start..<index) }
            start = index + 1
        }
        if start < bytes.count { words.append(start..<bytes.count) }
        return words
    }
}
