/// An answer is not the JSON that was expected.
struct MalformedAnswer: Error, Hashable {
    /// "expected a number at byte 17".
    let text: String
}

/// Reads JSON front to back out of the bytes of an answer, member by member, without building a document: a page of a listing has a
/// thousand entries of which half the members are not wanted.
struct JSONReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var depth = 0

    private static let deepest = 32

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Runs `body` on the one value that `bytes` hold.
    static func read<Value>(
        _ bytes: [UInt8], _ body: (inout JSONReader) throws(MalformedAnswer) -> Value
    ) throws(MalformedAnswer) -> Value {
        let result = bytes.withUnsafeBytes { buffer -> Result<Value, MalformedAnswer> in
            var reader = JSONReader(buffer)
            do throws(MalformedAnswer) {
                let value = try body(&reader)
                reader.skipSpace()
                guard reader.position == buffer.count else { throw reader.expected("nothing more") }
                return .success(value)
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    func expected(_ what: String) -> MalformedAnswer { MalformedAnswer(text: "expected \(what) at byte \(position)") }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] &- 9 < 2 || bytes[position] == 0x0D { position += 1 }
    }

    /// The first byte of the next token; 0 at the end.
    private mutating func peek() -> UInt8 {
        skipSpace()
        return position < bytes.count ? bytes[position] : 0
    }

    private mutating func take(_ byte: Character) -> Bool {
        guard peek() == byte.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        skipSpace()
        guard bytes.count - position >= word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount where bytes[position + index] != word.utf8Start[index] { return false }
        position += word.utf8CodeUnitCount
        return true
    }

    /// Runs `member` with each key; it must read or skip the value.
    mutating func object(_ member: (String, inout JSONReader) throws(MalformedAnswer) -> Void) throws(MalformedAnswer) {
        try container("{", "}") { reader throws(MalformedAnswer) in
            let key = try reader.string()
            guard reader.take(":") else { throw reader.expected("`:`") }
            try member(key, &reader)
        }
    }

    /// Runs `item` before each element, which it must read or skip.
    mutating func array(_ item: (inout JSONReader) throws(MalformedAnswer) -> Void) throws(MalformedAnswer) {
        try container("[", "]", item)
    }

    private mutating func container(
        _ opening: Character, _ closing: Character, _ element: (inout JSONReader) throws(MalformedAnswer) -> Void
    ) throws(MalformedAnswer) {
        guard depth < Self.deepest, take(opening) else { throw expected("`\(opening)`") }
        depth += 1
        defer { depth -= 1 }
        if take(closing) { return }
        repeat { try element(&self) } while take(",")
        guard take(closing) else { throw expected("`,` or `\(closing)`") }
    }

    /// Takes `null` when it stands here.
    mutating func takeNull() -> Bool { takeWord("null") }

    mutating func bool() throws(MalformedAnswer) -> Bool {
        if takeWord("true") { return true }
        if takeWord("false") { return false }
        throw expected("true or false")
    }

    /// A whole number.
    mutating func integer() throws(MalformedAnswer) -> Int64 {
        let negative = take("-")
        _ = peek()
        let start = position
        var value: Int64 = 0
        while position < bytes.count, bytes[position] &- 0x30 < 10 {
            let product = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(bytes[position] - 0x30)
            let sum =
                negative ? product.partialValue.subtractingReportingOverflow(digit) : product.partialValue.addingReportingOverflow(digit)
            guard !product.overflow, !sum.overflow else { throw expected("a number of 64 bits") }
            value = sum.partialValue
            position += 1
        }
        guard position > start else { throw expected("a whole number") }
        return value
    }

    /// A whole number that is not negative.
    mutating func count() throws(MalformedAnswer) -> UInt64 {
        guard let count = UInt64(exactly: try integer()) else { throw expected("a number from 0 up") }
        return count
    }

    mutating func string() throws(MalformedAnswer) -> String { String(decoding: try utf8(), as: UTF8.self) }

    /// What a string stands for, in UTF-8.
    mutating func utf8() throws(MalformedAnswer) -> [UInt8] {
        let (range, hasEscapes) = try rawString()
        let text = UnsafeRawBufferPointer(rebasing: bytes[range])
        return hasEscapes ? try unescaped(text) : [UInt8](text)
    }

    private mutating func rawString() throws(MalformedAnswer) -> (Range<Int>, hasEscapes: Bool) {
        guard take("\"") else { throw expected("a string") }
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return (start..<position - 1, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position += 2
            default: position += 1
            }
        }
        position = bytes.count
        throw expected("the end of a string")
    }

    private func unescaped(_ text: UnsafeRawBufferPointer) throws(MalformedAnswer) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var units: [UInt16] = []
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "\\") else {
                output.append(text[index])
                index += 1
                continue
            }
            // A run of \u escapes is UTF-16.
            units.removeAll(keepingCapacity: true)
            while text.count - index >= 6, text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "u") {
                guard let unit = UInt16(String(decoding: text[index + 2..<index + 6], as: UTF8.self), radix: 16) else {
                    throw expected("four hex digits")
                }
                units.append(unit)
                index += 6
            }
            if !units.isEmpty {
                output.append(contentsOf: String(decoding: units, as: UTF16.self).utf8)
                continue
            }
            guard index + 1 < text.count, let byte = Self.shortEscapes[text[index + 1]] else { throw expected("an escape") }
            output.append(byte)
            index += 2
        }
        return output
    }

    private static let shortEscapes: [UInt8: UInt8] = [
        0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
    ]

    /// Skips one value of any kind.
    mutating func skip() throws(MalformedAnswer) {
        switch peek() {
        case UInt8(ascii: "{"): try object { _, reader throws(MalformedAnswer) in try reader.skip() }
        case UInt8(ascii: "["): try array { reader throws(MalformedAnswer) in try reader.skip() }
        case UInt8(ascii: "\""): _ = try rawString()
        default:
            let start = position
            while position < bytes.count, !Self.endsWord(bytes[position]) { position += 1 }
            if position == start { throw expected("a value") }
        }
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }
}

extension JSONReader {
    /// Skips all members of an object but `key`, whose value `body` reads; nil when there is none.
    mutating func member<Value>(
        _ key: String, _ body: (inout JSONReader) throws(MalformedAnswer) -> Value
    ) throws(MalformedAnswer) -> Value? {
        var value: Value?
        try object { name, reader throws(MalformedAnswer) in
            if name == key { value = try body(&reader) } else { try reader.skip() }
        }
        return value
    }

    /// Like ``member(_:_:)``, but it must be there.
    mutating func required<Value>(
        _ key: String, _ body: (inout JSONReader) throws(MalformedAnswer) -> Value
    ) throws(MalformedAnswer) -> Value {
        guard let value = try member(key, body) else { throw expected("the member \(key)") }
        return value
    }

    mutating func strings() throws(MalformedAnswer) -> [String] {
        var list: [String] = []
        try array { reader throws(MalformedAnswer) in list.append(try reader.string()) }
        return list
    }
}
