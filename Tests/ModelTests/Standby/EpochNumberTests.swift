import Model
import Testing

/// What is proven of numbers, ids and names that come from a target.
@Suite struct EpochNumberTests {
    @Test(arguments: [
        "", "0", "00", "01", "+1", "-1", "1.0", "1e3", " 1", "1 ", "9007199254740992", "18446744073709551615", "18446744073709551616", "２",
        "0x1",
    ])
    func `no other text is a number`(text: String) { #expect(EpochNumber.parse(text) == nil) }

    @Test func `numbers go up to 2^53 - 1, and no further`() throws {
        #expect(EpochNumber.parse("1") == 1 && EpochNumber.parse("9007199254740991") == EpochNumber.largest)
        #expect(try EpochNumber.next(after: 0) == 1 && EpochNumber.next(after: EpochNumber.largest - 1) == EpochNumber.largest)
        for number in [EpochNumber.largest, .max] {
            let failure = #expect(throws: Failure.self) { try EpochNumber.next(after: number) }
            #expect(failure?.code == .refused && failure?.hint != nil)
        }
        #expect(EpochNumber.remembered(.max) == 0 && EpochNumber.remembered(7) == 7)
    }

    @Test func `an installation is 32 lower-case hex digits`() {
        #expect(InstallationID.isSound("0123456789abcdef0123456789abcdef"))
        for text in [
            "", "..", "0123456789abcdef0123456789abcde", "0123456789ABCDEF0123456789ABCDEF", "../../../../../../../../../../../e",
            "0123456789abcdef0123456789abcde\u{301}",
        ] {
            #expect(!InstallationID.isSound(text), "\(text)")
        }
    }

    @Test func `a name of a host is one, or nothing`() {
        for name in ["nas", "db-1.example.org", "my_host", "10.0.0.1", "A"] { #expect(HostName.proven(name) == name) }
        let others = [
            "", "-oProxyCommand=id", "a.-b", "$(id)", "a b", "a\nb", "a\u{1B}[31m", "a;b", "a/b", "..", ".a", "a.", "größe", "`id`",
            "a\u{0}",
            String(repeating: "a", count: 254),
        ]
        for name in others { #expect(HostName.proven(name) == nil, "\(name)") }
    }
}
