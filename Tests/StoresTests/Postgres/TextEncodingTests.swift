import Model
@testable import PostgresStore
import Testing

@Suite struct TextEncodingTests {
    @Test func `text is understood in the encodings of databases, and what is none in them does no harm`() {
        #expect(TextEncoding(name: "LATIN1").text(of: [0x67, 0x72, 0xF6, 0xDF, 0x65]) == "größe")
        #expect(TextEncoding(name: "WIN1251").text(of: [0xC4, 0xE0]) == "Да")
        #expect(TextEncoding(name: "EUC_JP").text(of: [0xC6, 0xFC, 0xCB, 0xDC]) == "日本")
        #expect(TextEncoding.utf8.text(of: Array("größe".utf8)) == "größe")
        #expect(TextEncoding.ofBytes.text(of: [0x61, 0xF6]) == ByteText.text([0x61, 0xF6]))
        #expect(ByteText.bytes(TextEncoding(name: "LATIN1").argument("größe")) == [0x67, 0x72, 0xF6, 0xDF, 0x65])
        #expect(TextEncoding.utf8.argument("größe") == "größe")
        #expect(TextEncoding(name: "EUC_JP").text(of: [0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
        #expect(TextEncoding(name: "EUC_JP").text(of: [0xC6]) == "\u{FFFD}")
        #expect(TextEncoding(name: "EUC_JP").text(of: [0xAD, 0xA1, 0xA1, 0xC1]) == "\u{2460}\u{FF5E}", "as PostgreSQL has them")
        #expect(Array(TextEncoding(name: "WIN1258").text(of: [0x61, 0xCC]).unicodeScalars) == ["a", "\u{300}"], "nothing is composed")
        #expect(TextEncoding(name: "SJIS").text(of: [0x93, 0xFA, 0x96, 0x7B]) == "日本")
        #expect(TextEncoding(name: "LATIN1").text(of: []) == "")
        #expect(TextEncoding(name: "LATIN1").text(of: [UInt8](repeating: 0xE9, count: 10_000)) == String(repeating: "é", count: 10_000))
    }
}
