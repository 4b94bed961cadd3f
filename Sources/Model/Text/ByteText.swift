/// Names that are bytes in no encoding that anybody knows (those of PostgreSQL in `SQL_ASCII`), as text without loss.
///
/// What is UTF-8 stays as it is. Any other byte is one scalar of a private range (U+10FE80 to U+10FEFF), which ``Visible`` shows as `\xe9`; scalars of that
/// range in the bytes themselves are taken byte by byte, so that two texts are the same only where the bytes are.
package enum ByteText {
    private static let base: UInt32 = 0x10FE00
    private static let range = (base + 0x80)...(base + 0xFF)
    /// How UTF-8 begins all scalars of the range.
    private static let mark: UInt8 = 0xF4

    package static func text(_ bytes: some Collection<UInt8>) -> String {
        if !bytes.contains(mark), let text = String(validating: bytes, as: UTF8.self) { return text }
        var scalars = String.UnicodeScalarView()
        var parser = Unicode.UTF8.ForwardParser()
        var (source, place) = (bytes.makeIterator(), bytes.startIndex)
        func escape(_ count: Int) {
            for byte in bytes[place...].prefix(count) { Unicode.Scalar(base + UInt32(byte)).map { scalars.append($0) } }
        }
        while true {
            let count: Int
            switch parser.parseScalar(from: &source) {
            case .emptyInput: return String(scalars)
            case .error(let length):
                count = length
                escape(count)
            case .valid(let encoded):
                count = encoded.count
                let scalar = Unicode.UTF8.decode(encoded)
                if range.contains(scalar.value) { escape(count) } else { scalars.append(scalar) }
            }
            place = bytes.index(place, offsetBy: count)
        }
    }

    package static func bytes(_ text: some StringProtocol) -> [UInt8] {
        guard text.utf8.contains(mark) else { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { scalar in byte(of: scalar).map { [$0] } ?? Array(String(scalar).utf8) }
    }

    /// Nil for a scalar that stands for itself.
    package static func byte(of scalar: Unicode.Scalar) -> UInt8? {
        range.contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value - base) : nil
    }

    /// The name that a person means who writes it as it is shown: `caf\xe9`. Nil where no such byte is written.
    package static func meant(by shown: String) -> String? {
        let escaped = #/\\x([89a-fA-F][0-9a-fA-F])/#
        guard shown.contains(escaped) else { return nil }
        var (bytes, rest) = ([UInt8](), shown[...])
        while let found = rest.firstMatch(of: escaped) {
            bytes.append(contentsOf: self.bytes(rest[..<found.range.lowerBound]))
            bytes.append(UInt8(found.1, radix: 16) ?? 0)
            rest = rest[found.range.upperBound...]
        }
        return text(bytes + self.bytes(rest))
    }
}
