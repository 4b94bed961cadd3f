import Glibc
import Model

/// An encoding of text, by PostgreSQL's name for it (manual of PostgreSQL, "Character Set Support").
struct TextEncoding: Hashable, Sendable {
    static let utf8 = TextEncoding(name: "UTF8")
    /// None: text is what its bytes are.
    static let ofBytes = TextEncoding(name: "SQL_ASCII")

    let name: String

    /// Of a byte a character; what the C library calls them. PostgreSQL composes nothing: each byte is a character of its own.
    private static let ofOneByte = [
        "ISO_8859_5": "ISO-8859-5", "ISO_8859_6": "ISO-8859-6", "ISO_8859_7": "ISO-8859-7", "ISO_8859_8": "ISO-8859-8", "KOI8R": "KOI8-R",
        "KOI8U": "KOI8-U", "LATIN1": "ISO-8859-1", "LATIN2": "ISO-8859-2", "LATIN3": "ISO-8859-3", "LATIN4": "ISO-8859-4",
        "LATIN5": "ISO-8859-9",
        "LATIN6": "ISO-8859-10", "LATIN7": "ISO-8859-13", "LATIN8": "ISO-8859-14", "LATIN9": "ISO-8859-15", "LATIN10": "ISO-8859-16",
        "WIN866": "CP866", "WIN874": "CP874", "WIN1250": "CP1250", "WIN1251": "CP1251", "WIN1252": "CP1252", "WIN1253": "CP1253",
        "WIN1254": "CP1254", "WIN1255": "CP1255", "WIN1256": "CP1256", "WIN1257": "CP1257", "WIN1258": "CP1258",
    ]

    /// Of several bytes a character. Dumps can also be in those that no database is in, where sessions were set to them.
    private static let ofSeveralBytes = [
        "EUC_CN": "EUC-CN", "EUC_JP": "EUC-JP-MS", "EUC_JIS_2004": "EUC-JISX0213", "EUC_KR": "EUC-KR", "EUC_TW": "EUC-TW", "SJIS": "CP932",
        "SHIFT_JIS_2004": "SHIFT_JISX0213", "BIG5": "CP950", "GBK": "CP936", "UHC": "UHC", "GB18030": "GB18030", "JOHAB": "JOHAB",
    ]

    /// What is no text in this encoding becomes U+FFFD. Of encodings that the C library does not know, and of bytes that have none, each byte is kept
    /// (`ByteText`), as a session keeps it (``SessionText``).
    func text(of bytes: [UInt8]) -> String {
        if let converter = Self.ofOneByte[name].flatMap({ Converter(from: $0) }) {
            let characters = (0...0xFF).map { converter.convert([UInt8($0)]) }
            return String(decoding: bytes.flatMap { characters[Int($0)] }, as: UTF8.self)
        }
        guard let converter = Self.ofSeveralBytes[name].flatMap({ Converter(from: $0) }) else { return ByteText.text(bytes) }
        return String(decoding: converter.convert(bytes), as: UTF8.self)
    }

    /// The other way round, as an argument of a program.
    func argument(_ text: String) -> String {
        let converter = (Self.ofOneByte[name] ?? Self.ofSeveralBytes[name]).flatMap { Converter(from: "UTF-8", to: $0) }
        return converter.map { ByteText.text($0.convert(Array(text.utf8))) } ?? text
    }

    /// iconv(3).
    private final class Converter {
        private let handle: iconv_t

        init?(from name: String, to other: String = "UTF-8") {
            guard let handle = iconv_open(other, name), Int(bitPattern: handle) != -1 else { return nil }
            self.handle = handle
        }

        deinit { iconv_close(handle) }

        /// From the state of a beginning to its end.
        func convert(_ bytes: [UInt8]) -> [UInt8] {
            var source = bytes.map { CChar(bitPattern: $0) }
            // A byte makes at most four in UTF-8, and what has been held back for what may follow it, at most as many.
            var target = [CChar](repeating: 0, count: bytes.count * 4 + 16)
            let written = source.withUnsafeMutableBufferPointer { source in
                target.withUnsafeMutableBufferPointer { target in run(source, target) }
            }
            return target[..<written].map { UInt8(bitPattern: $0) }
        }

        private func run(_ source: UnsafeMutableBufferPointer<CChar>, _ target: UnsafeMutableBufferPointer<CChar>) -> Int {
            var (from, left) = (source.baseAddress, source.count)
            var (to, room) = (target.baseAddress, target.count)
            while left > 0 {
                guard iconv(handle, &from, &left, &to, &room) == -1, left > 0, room > 0 else { break }
                iconv(handle, nil, nil, &to, &room)
                guard room > 0 else { break }
                // A byte that is no part of a character is none of UTF-8 either.
                to?.pointee = CChar(bitPattern: 0xFF)
                (from, left) = (from.map { $0 + 1 }, left - 1)
                (to, room) = (to.map { $0 + 1 }, room - 1)
            }
            iconv(handle, nil, nil, &to, &room)
            return target.count - room
        }
    }
}
