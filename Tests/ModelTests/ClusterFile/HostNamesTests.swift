import Model
import Testing

@Suite struct HostNamesTests {
    @Test(arguments: ["127.0.0.1", "127.0.0.1:7443", "localhost", "LOCALHOST:7443", "[::1]:7443", "localhost.", "n1", "n1:80"])
    func `a server on the loopback interface is called so, and as its host is`(_ header: String) {
        #expect(HostNames(bound: "127.0.0.1", local: "127.0.0.1", own: "n1", configured: []).contains(header))
    }

    @Test(arguments: ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "10.0.0.5", "127.0.0.1:x", "[::1]x"])
    func `no other name is right`(_ header: String) {
        #expect(!HostNames(bound: "127.0.0.1", local: "127.0.0.1", own: "n1", configured: []).contains(header))
    }

    @Test func `where it listens everywhere the address counts at which it was reached, and what is configured`() {
        let names = HostNames(bound: "0.0.0.0", local: "10.0.0.5", own: "n1", configured: ["Backup.example.org"])
        #expect(names.contains("10.0.0.5:7443") && names.contains("backup.example.org:7443") && names.contains("n1"))
        #expect(!names.contains("0.0.0.0") && !names.contains("localhost") && !names.contains("10.0.0.6"))
        #expect(HostNames(bound: "::", local: "fe80::1%eth0", own: "", configured: []).contains("[fe80::1]:7443"))
        #expect(HostNames(bound: "::", local: "::ffff:127.0.0.1", own: "", configured: []).contains("localhost"))
        #expect(!HostNames(bound: "::", local: nil, own: "", configured: []).contains(""))
    }
}
