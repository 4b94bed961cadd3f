import ResticFormat
import Testing

@Suite("Quoted names")
struct QuotedNameTests {
    @Test(
        "are those of Go's strconv.Quote, and unquote to the same bytes",
        arguments: [
            ("", ""), ("plain name", "plain name"), ("a\"b\\c", #"a\"b\\c"#), ("'<&>", "'<&>"),
            ("\u{7}\u{8}\u{C}\n\r\t\u{B}", #"\a\b\f\n\r\t\v"#), ("\u{0}\u{1F}\u{7F}", #"\x00\x1f\x7f"#), ("\u{80}\u{9F}", #"\u0080\u009f"#),
            ("\u{A0}\u{AD}", #"\u00a0\u00ad"#), ("\u{A1}\u{E4}\u{FF}", "\u{A1}\u{E4}\u{FF}"), ("e\u{301}", "e\u{301}"),
            ("\u{200B}\u{200D}\u{202E}", #"\u200b\u200d\u202e"#), ("\u{2028}\u{2029}", #"\u2028\u2029"#), ("\u{3000}", #"\u3000"#),
            ("\u{FEFF}", #"\ufeff"#), ("\u{FFFD}", "\u{FFFD}"), ("\u{FFFF}", #"\uffff"#), ("\u{E000}", #"\ue000"#),
            ("\u{6F22}\u{1F600}", "\u{6F22}\u{1F600}"), ("\u{378}", #"\u0378"#), ("\u{E0041}", #"\U000e0041"#),
            ("\u{10FFFF}", #"\U0010ffff"#),
            ("\u{F0000}", #"\U000f0000"#),
        ])
    func table(_ name: String, _ quoted: String) {
        #expect(text(QuotedName.quote(Array(name.utf8))) == quoted)
        #expect(QuotedName.unquote(Array(quoted.utf8)) == Array(name.utf8))
    }

    @Test("scalars newer than Unicode 15.0 are escaped, as Go does not know them")
    func newScalars() {
        #expect(text(QuotedName.quote(Array("\u{2EBF0}".utf8))) == #"\U0002ebf0"#)
        #expect(text(QuotedName.quote(Array("\u{31350}".utf8))) == "\u{31350}")
    }

    @Test(
        "bytes that are not UTF-8 stand one by one",
        arguments: [
            ([0xFF], #"\xff"#), ([0xC3], #"\xc3"#), ([0xC3, 0x28], #"\xc3("#), ([0xE2, 0x82], #"\xe2\x82"#), ([0xC0, 0x80], #"\xc0\x80"#),
            ([0xED, 0xA0, 0x80], #"\xed\xa0\x80"#), ([0xF4, 0x90, 0x80, 0x80], #"\xf4\x90\x80\x80"#), ([0x80], #"\x80"#),
            ([0xF0, 0x9F, 0x98], #"\xf0\x9f\x98"#), ([0xE0, 0x80, 0x80], #"\xe0\x80\x80"#),
        ] as [([UInt8], String)])
    func broken(_ name: [UInt8], _ quoted: String) {
        #expect(text(QuotedName.quote(name)) == quoted)
        #expect(QuotedName.unquote(Array(quoted.utf8)) == name)
    }

    @Test("every escape of Go is understood")
    func escapes() {
        #expect(QuotedName.unquote(Array(#"\101\000\377\x41\X"#.utf8)) == nil)
        #expect(
            QuotedName.unquote(Array(#"\101\000\377\x4a\xFF\u00e4\U0001F600"#.utf8)) == [0x41, 0, 255, 0x4A, 0xFF]
                + Array("\u{E4}\u{1F600}".utf8))
    }

    @Test(
        "what Go refuses is refused",
        arguments: [
            #"\"#, #"a\"#, #"\q"#, #"\'"#, #"\x"#, #"\x4"#, #"\xg0"#, #"\u123"#, #"\ud800"#, #"\U00110000"#, #"\8"#, #"\12"#, #"\400"#,
            "\"", "\n",
        ])
    func refused(_ quoted: String) { #expect(QuotedName.unquote(Array(quoted.utf8)) == nil) }
}
