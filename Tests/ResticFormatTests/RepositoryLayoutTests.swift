import ResticFormat
import Testing

@Suite("Names and ids")
struct RepositoryLayoutTests {
    private let hex = "00ff0123456789abcdef00112233445566778899aabbccddeeff7e7f8081fefd"

    @Test("every kind of file has its name, and the name gives the id back")
    func names() throws {
        let pack = try #require(PackID(hex: hex))
        #expect(RepositoryLayout.name(of: pack) == "data/00/\(hex)")
        #expect(RepositoryLayout.name(of: pack.naming(IndexNamed.self)) == "index/\(hex)")
        #expect(RepositoryLayout.name(of: pack.naming(KeyNamed.self)) == "keys/\(hex)")
        #expect(RepositoryLayout.name(of: pack.naming(LockNamed.self)) == "locks/\(hex)")
        #expect(RepositoryLayout.name(of: pack.naming(SnapshotNamed.self)) == "snapshots/\(hex)")
        for name in [hex, "data/00/\(hex)", "index/\(hex)"] { #expect(RepositoryLayout.id(in: name) == pack) }
        for name in ["", "config", "data/\(hex)x", "data/x\(hex)", "data/00/\(hex.uppercased())", "data/\(hex)-tmp-1"] {
            #expect(RepositoryLayout.id(in: name, PackNamed.self) == nil)
        }
    }

    @Test("ids keep their bytes in hex, in memory and in order")
    func ids() throws {
        let id = try #require(BlobID(hex: hex))
        #expect(id.hex == hex)
        #expect(id.bytes.prefix(4) == [0, 0xFF, 1, 0x23])
        #expect(id.bytes.withUnsafeBytes { BlobID(bytes: $0) } == id)
        for character in ["/", ":", "`", "g", "A", "\u{0}", "@"] {
            for position in [0, 15, 16, 63] {
                var digits = Array(hex)
                digits[position] = Character(character)
                #expect(BlobID(hex: String(digits)) == nil)
            }
        }
        #expect(BlobID(hex: hex.dropLast()) == nil)
        let larger = try #require(BlobID(hex: hex.dropLast() + "e"))
        #expect(id < larger)
        #expect(!(larger < id))
    }
}
