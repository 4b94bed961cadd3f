import ResticFormat
import Testing

@Suite("File modes")
struct FileModeTests {
    @Test(
        "go from POSIX to Go and back",
        arguments: [
            (0o040755, 2_147_484_141), (0o120777, 134_218_239), (0o100644, 420), (0o104755, 8_389_101), (0o102750, 4_194_792),
            (0o041777, 2_148_532_735), (0o060660, 67_109_296), (0o020600, 69_206_400), (0o010644, 33_554_852), (0o140755, 16_777_709),
            (0o100000, 0), (0o107777, 0o777 | 1 << 23 | 1 << 22 | 1 << 20),
        ] as [(UInt32, UInt32)])
    func table(_ posix: UInt32, _ go: UInt32) {
        #expect(FileMode.fromPOSIX(posix) == go)
        #expect(FileMode.toPOSIX(go) == posix)
        #expect(FileMode.posixPermissions(go) == posix & 0o7777)
        #expect(FileMode.typeBits(NodeType(posixMode: posix)) == go & ~(0o777 | 1 << 23 | 1 << 22 | 1 << 20))
    }
}
