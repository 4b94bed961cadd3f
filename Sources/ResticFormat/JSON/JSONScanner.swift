import Glibc

/// Reads JSON front to back without building a document. Unknown members are skipped with `skipValue`; nothing traps on any input.
struct JSONScanner {
    let bytes: UnsafeRawBufferPointer
    let file: FormatError.File
    private(set) var position = 0
    /// Whether a container was entered and nothing of it read.
    private var isAtStart = false
    /// The last time that was read, and its text: most nodes have one twice.
    var lastTime: (text: UnsafeRawBufferPointer, time: NodeTime)?

    static let deepest = 64

    init(_ bytes: UnsafeRawBufferPointer, of file: FormatError.File) {
        self.bytes = bytes
        self.file = file
    }

    func error(_ problem: FormatError.Problem, at offset: Int? = nil) -> FormatError {
        FormatError(file, problem, at: offset ?? position)
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    /// The first byte of the next token.
    private mutating func peek() throws(FormatError) -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw error(.truncated) }
        return bytes[position]
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(FormatError) {
        guard try peek() == byte else { throw error(.expected(what)) }
        position += 1
    }

    mutating func enterObject() throws(FormatError) {
        try expect(0x7B, "an object")
        isAtStart = true
    }

    mutating func enterArray() throws(FormatError) {
        try expect(0x5B, "an array")
        isAtStart = true
    }

    /// Whether another item of the array follows; at its end, leaves it.
    mutating func nextItem() throws(FormatError) -> Bool { try next(closing: 0x5D) }

    /// The key of the next member of the object, its value to be read by the caller; nil at the end, which leaves the object.
    mutating func nextKey() throws(FormatError) -> JSONKey? {
        guard try next(closing: 0x7D) else { return nil }
        let key = try rawString()
        try expect(0x3A, "`:`")
        return JSONKey(text: key.text)
    }

    private mutating func next(closing: UInt8) throws(FormatError) -> Bool {
        let byte = try peek()
        defer { isAtStart = false }
        if byte == closing {
            position += 1
            return false
        }
        if !isAtStart {
            guard byte == 0x2C else { throw error(.expected("`,`")) }
            position += 1
        }
        return true
    }

    /// Nothing but space may follow.
    mutating func finish() throws(FormatError) {
        skipSpace()
        guard position == bytes.count else { throw error(.trailingBytes) }
    }

    /// Takes `null` when it stands here.
    mutating func takeNull() throws(FormatError) -> Bool {
        guard try peek() == 0x6E else { return false }
        try literal("null")
        return true
    }

    private mutating func literal(_ text: StaticString) throws(FormatError) {
        let length = text.utf8CodeUnitCount
        guard let base = bytes.baseAddress, bytes.count - position >= length, memcmp(base + position, text.utf8Start, length) == 0 else {
            throw error(.expected("a value"))
        }
        position += length
    }

    mutating func bool() throws(FormatError) -> Bool {
        switch try peek() {
        case 0x74: try literal("true")
        case 0x66: try literal("false")
        default: throw error(.expected("true or false"))
        }
        return bytes[position - 1] == 0x65 && bytes[position - 2] == 0x75
    }

    /// A whole number without sign, fraction and exponent.
    mutating func unsigned() throws(FormatError) -> UInt64 {
        _ = try peek()
        let start = position
        var value: UInt64 = 0
        while position < bytes.count {
            let digit = bytes[position] &- 0x30
            guard digit < 10 else { break }
            let product = value.multipliedReportingOverflow(by: 10)
            let sum = product.partialValue.addingReportingOverflow(UInt64(digit))
            guard !product.overflow, !sum.overflow else { throw error(.outOfRange("number"), at: start) }
            value = sum.partialValue
            position += 1
        }
        guard position > start, position == start + 1 || bytes[start] != 0x30 else {
            throw error(.expected("a whole number"), at: start)
        }
        if position < bytes.count, bytes[position] == 0x2E || bytes[position] | 0x20 == 0x65 {
            throw error(.expected("a whole number"), at: start)
        }
        return value
    }

    mutating func unsigned32() throws(FormatError) -> UInt32 {
        let value = try unsigned()
        guard let narrow = UInt32(exactly: value) else { throw error(.outOfRange("number")) }
        return narrow
    }

    mutating func signed() throws(FormatError) -> Int64 {
        let negative = try peek() == 0x2D
        if negative { position += 1 }
        let magnitude = try unsigned()
        guard let value = Int64(exactly: magnitude) else { throw error(.outOfRange("number")) }
        return negative ? -value : value
    }

    /// What stands between the quotes, escapes untouched.
    mutating func rawString() throws(FormatError) -> (text: UnsafeRawBufferPointer, hasEscapes: Bool) {
        try expect(0x22, "a string")
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            position = Self.plainWords(bytes, from: position)
            guard position < bytes.count else { break }
            let byte = bytes[position]
            if byte == 0x22 {
                position += 1
                return (UnsafeRawBufferPointer(rebasing: bytes[start..<position - 1]), hasEscapes)
            }
            guard byte >= 0x20 else { throw error(.invalid("control character in a string")) }
            if byte == 0x5C {
                hasEscapes = true
                position += 1
                guard position < bytes.count else { break }
            }
            position += 1
        }
        position = bytes.count
        throw error(.truncated)
    }

    /// Where the bytes end, eight at a time, in which no string ends, is escaped or has a control character.
    private static func plainWords(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        var index = start
        while bytes.count - index >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let (quotes, escapes) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
            let found =
                ((quotes &- ones) & ~quotes) | ((escapes &- ones) & ~escapes) | ((word &- ones &* 0x20) & ~word)
            if found & tops != 0 { return index }
            index += 8
        }
        return index
    }

    mutating func id<Named>(_: Named.Type = Named.self) throws(FormatError) -> ObjectID<Named> {
        let start = position
        let text = try rawString().text
        guard let id = ObjectID<Named>(hexDigits: text) else { throw error(.invalid("id"), at: start) }
        return id
    }

    mutating func base64() throws(FormatError) -> [UInt8] {
        let start = position
        let raw = try rawString()
        let decoded = try raw.hasEscapes ? unescaped(raw.text, at: start).withUnsafeBytes(Base64.decode) : Base64.decode(raw.text)
        guard let decoded else { throw error(.invalid("base64"), at: start) }
        return decoded
    }

    /// The bytes that a JSON string stands for; bytes that are not UTF-8 stay as they are.
    mutating func string() throws(FormatError) -> [UInt8] {
        let start = position
        let raw = try rawString()
        return try raw.hasEscapes ? unescaped(raw.text, at: start) : [UInt8](raw.text)
    }

    mutating func text() throws(FormatError) -> String {
        let start = position
        let raw = try rawString()
        return try raw.hasEscapes
            ? String(decoding: unescaped(raw.text, at: start), as: UTF8.self) : String(decoding: raw.text, as: UTF8.self)
    }

    mutating func texts() throws(FormatError) -> [String] {
        var list: [String] = []
        if try takeNull() { return list }
        try enterArray()
        while try nextItem() { list.append(try text()) }
        return list
    }

    /// Skips one value of any kind and returns its bytes.
    @discardableResult
    mutating func skipValue(depth: Int = 0) throws(FormatError) -> UnsafeRawBufferPointer {
        guard depth < JSONScanner.deepest else { throw error(.tooDeep) }
        let first = try peek()
        let start = position
        switch first {
        case 0x7B:
            try enterObject()
            while try nextKey() != nil { try skipValue(depth: depth + 1) }
        case 0x5B:
            try enterArray()
            while try nextItem() { try skipValue(depth: depth + 1) }
        case 0x22: _ = try rawString()
        case 0x6E: try literal("null")
        case 0x74, 0x66: _ = try bool()
        default: try skipNumber()
        }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<position])
    }

    /// Any run of the characters of numbers that begins with a digit or `-` and ends with a digit.
    private mutating func skipNumber() throws(FormatError) {
        let start = position
        scan: while position < bytes.count {
            switch bytes[position] {
            case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: position += 1
            default: break scan
            }
        }
        guard position > start, bytes[start] == 0x2D || bytes[start] &- 0x30 < 10, bytes[position - 1] &- 0x30 < 10 else {
            throw error(.expected("a value"), at: start)
        }
    }
}

/// The key of an object's member, as it stands in the text. A key written with escapes equals none.
struct JSONKey {
    let text: UnsafeRawBufferPointer

    static func ~= (name: StaticString, key: JSONKey) -> Bool {
        guard key.text.count == name.utf8CodeUnitCount, let start = key.text.baseAddress else { return false }
        return memcmp(start, name.utf8Start, key.text.count) == 0
    }
}
