import Model
import Testing

@Suite struct ByteTextTests {
    private static let samples: [[UInt8]] = [
        [], Array("plain".utf8), Array("größe 😀".utf8), [0x63, 0x61, 0x66, 0xE9], [0xE9], [0xF4], [0xC3], [0xE9, 0x20, 0xC3, 0xA9],
        [0xED, 0xA0, 0x80],
        [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], Array("\u{10FEE9}".utf8), Array("\u{10FE80}a".utf8) + [0xFF], Array(0x80...0xFF),
        Array("\u{10FFFF}".utf8),
    ]

    @Test(arguments: samples) func `bytes come back as they were`(_ bytes: [UInt8]) {
        #expect(ByteText.bytes(ByteText.text(bytes)) == bytes)
    }

    @Test func `what is UTF-8 is that text, and two texts are the same where the bytes are`() {
        #expect(ByteText.text(Array("größe 😀".utf8)) == "größe 😀")
        #expect(Set(Self.samples.map { ByteText.text($0) }).count == Self.samples.count)
    }

    @Test func `people see such a byte as an escape, on a terminal and in JSON`() {
        let name = ByteText.text([0x63, 0x61, 0x66, 0xE9])
        #expect(printable(name) == #"caf\xe9"#)
        #expect(Visible.json("{\"name\":\"\(name)\"}") == #"{"name":"caf\\xe9"}"#)
        #expect(ByteText.meant(by: #"caf\xe9"#) == name && ByteText.meant(by: #"\xE9\x41"#) == ByteText.text([0xE9]) + #"\x41"#)
        #expect(ByteText.meant(by: "café") == nil && ByteText.meant(by: #"\x41"#) == nil)
    }
}
