import Archiving
import HostIO
import Model
import ResticFormat

/// The tree of an image that is made of dumps:
///
/// - `globals.sql`: roles, their memberships and tablespaces, from `pg_dumpall --globals-only`
/// - `databases/NAME/`: a directory of `pg_dump --format=directory` without compression, for `pg_restore`
///
/// Names are as the databases have them, with `%XX` for bytes that are not letters, digits, `-` or `_`.
package enum DumpLayout {
    static let globals = "globals.sql"
    static let databases = "databases"

    package static func folder(of database: String) -> String {
        ByteText.bytes(database).map { byte in
            let isPlain = byte < 0x80 && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber)
            if isPlain || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }

    /// Nil for what is no such name.
    package static func database(of folder: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(folder.utf8)[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes.isEmpty ? nil : ByteText.text(bytes)
    }

    /// The databases of an image, or nil for one that is not made of dumps.
    static func databases(in image: ImageTree) throws -> [String]? {
        guard let top = try image.entries(of: []), top.contains(where: { $0.name == Array(globals.utf8) }) else { return nil }
        return try (image.entries(of: [databases]) ?? []).filter { $0.type == .dir }.compactMap { database(of: FileName.text($0.name)) }
    }
}
