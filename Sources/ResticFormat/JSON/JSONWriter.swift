import Glibc

/// JSON as Go's `encoding/json` writes it: no spaces, `<`, `>`, `&`, U+2028 and U+2029 escaped.
struct JSONWriter: ~Copyable {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 512) {
        self.capacity = max(64, capacity)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    /// What has been written; the writer is empty after.
    mutating func finish() -> [UInt8] {
        defer { count = 0 }
        return [UInt8](UnsafeBufferPointer(start: base, count: count))
    }

    /// Gives what has been written, valid within `body` only; the writer is empty after.
    mutating func empty(into body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        defer { count = 0 }
        try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Room for `more` bytes at the end; the caller fills them and then says so with `advance`.
    private mutating func room(_ more: Int) -> UnsafeMutablePointer<UInt8> {
        if capacity - count < more {
            capacity = max(capacity * 2, count + more)
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
            larger.update(from: base, count: count)
            base.deallocate()
            base = larger
        }
        return base + count
    }

    mutating func byte(_ byte: UInt8) {
        room(1).pointee = byte
        count += 1
    }

    /// Bytes as they are.
    mutating func raw(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        memcpy(room(bytes.count), start, bytes.count)
        count += bytes.count
    }

    mutating func raw(_ text: StaticString) {
        raw(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func unsigned(_ value: UInt64) {
        let target = room(20)
        var digits = 1
        var rest = value
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        rest = value
        for index in stride(from: digits - 1, through: 0, by: -1) {
            target[index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    mutating func signed(_ value: Int64) {
        if value < 0 { byte(0x2D) }
        unsigned(value.magnitude)
    }

    /// `"` + 64 hex digits + `"`.
    mutating func id<Named>(_ id: ObjectID<Named>) {
        let target = room(66)
        target[0] = 0x22
        id.copyHex(to: target + 1)
        target[65] = 0x22
        count += 66
    }

    mutating func base64(_ bytes: [UInt8]) {
        byte(0x22)
        let length = (bytes.count + 2) / 3 * 4
        let target = room(length)
        bytes.withUnsafeBufferPointer { Base64.encode($0, to: target) }
        count += length
        byte(0x22)
    }

    mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { string(UnsafeRawBufferPointer($0)) }
    }

    mutating func string(_ bytes: [UInt8]) { bytes.withUnsafeBytes { string($0) } }

    /// A JSON string; bytes that are not UTF-8 become U+FFFD.
    mutating func string(_ bytes: UnsafeRawBufferPointer) {
        byte(0x22)
        var index = 0
        while index < bytes.count {
            let end = JSONWriter.plainRun(bytes, from: index)
            raw(UnsafeRawBufferPointer(rebasing: bytes[index..<end]))
            index = end
            guard index < bytes.count else { break }
            if bytes[index] < 0x80 {
                escapedASCII(bytes[index])
                index += 1
            } else {
                index += scalar(bytes, at: index)
            }
        }
        byte(0x22)
    }

    /// The end of the bytes from `start` on that stand in a JSON string as they are.
    static func plainRun(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte >= 0x7F || byte == 0x22 || byte == 0x5C || byte == 0x3C || byte == 0x3E || byte == 0x26 { break }
            index += 1
        }
        return index
    }

    private mutating func scalar(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
        guard let scalar = UTF8Scalar(bytes, at: index) else {
            raw("\\ufffd")
            return 1
        }
        if scalar.value & ~1 == 0x2028 {
            raw("\\u")
            hex(scalar.value, digits: 4)
        } else {
            raw(UnsafeRawBufferPointer(rebasing: bytes[index..<index + scalar.length]))
        }
        return scalar.length
    }

    /// An ASCII character inside of a JSON string, escaped where Go escapes it.
    mutating func escapedASCII(_ character: UInt8) {
        switch character {
        case 0x22: raw("\\\"")
        case 0x5C: raw("\\\\")
        case 0x08: raw("\\b")
        case 0x0C: raw("\\f")
        case 0x0A: raw("\\n")
        case 0x0D: raw("\\r")
        case 0x09: raw("\\t")
        case 0x00..<0x20, 0x3C, 0x3E, 0x26:
            raw("\\u00")
            hex(UInt32(character), digits: 2)
        default: byte(character)
        }
    }

    mutating func hex(_ value: UInt32, digits: Int) {
        for index in stride(from: digits - 1, through: 0, by: -1) {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt32(index * 4) & 15)
            byte(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
        }
    }

    mutating func decimal(_ value: Int, digits: Int) {
        let target = room(digits)
        var rest = value
        for index in stride(from: digits - 1, through: 0, by: -1) {
            target[index] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += digits
    }

    mutating func strings(_ list: [String]) {
        byte(0x5B)
        for (index, text) in list.enumerated() {
            if index > 0 { byte(0x2C) }
            string(text)
        }
        byte(0x5D)
    }
}
