import HostIO
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

@Suite struct CompressionTests {
    private func compressed(_ plain: [UInt8], level: Int32 = 3) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: Compressor.bound(plain.count))
        let count = try output.withUnsafeMutableBytes { output in
            try plain.withUnsafeBytes { try Compressor(level: level).compress($0, into: output) }
        }
        return Array(output.prefix(count))
    }

    @Test("A frame gives back its content, with the size known and without")
    func roundTrip() throws {
        var random = SeededRandom(named: "roundTrip")
        let decompressor = try Decompressor()
        for count in [0, 1, 100, 70_000, 1_000_000] {
            let plain = random.text(count)
            let frame = try compressed(plain)
            let free = frame.withUnsafeBytes { decompressor.decompress($0, limit: 1 << 20) }
            #expect(free == plain)
            var output = [UInt8](repeating: 0, count: count)
            let exact = output.withUnsafeMutableBytes { output in frame.withUnsafeBytes { decompressor.decompress($0, into: output) } }
            #expect(exact && output == plain)
        }
    }

    @Test("A frame that holds more or less than it should, is cut, or is none, is refused")
    func badFrames() throws {
        var random = SeededRandom(named: "badFrames")
        let decompressor = try Decompressor()
        let plain = random.text(5000)
        let frame = try compressed(plain)
        for count in [0, 4999, 5001] {
            var output = [UInt8](repeating: 0, count: count)
            #expect(!output.withUnsafeMutableBytes { output in frame.withUnsafeBytes { decompressor.decompress($0, into: output) } })
        }
        #expect(frame.withUnsafeBytes { decompressor.decompress($0, limit: 4999) } == nil)
        for count in 0..<frame.count {
            let cut = Array(frame.prefix(count))
            #expect(cut.withUnsafeBytes { decompressor.decompress($0, limit: 1 << 20) } == nil)
        }
        for _ in 0..<200 {
            let noise = random.bytes(Int.random(in: 0...300, using: &random))
            #expect(noise.withUnsafeBytes { decompressor.decompress($0, limit: 1 << 20) } == nil)
        }
    }

    /// What a person who writes in a backed-up directory may choose: bytes that stand for a file of the repository once they are sealed with its key.
    private func chosen(_ random: inout SeededRandom) -> [[UInt8]] {
        let noise = random.bytes(200_000)
        let frame = [2] + noise
        return [
            [1], Array("{}".utf8), Array("[\"forgotten\",\"x\"]".utf8), Array("{\"time\":\"".utf8) + noise, Array("[".utf8) + noise, frame,
            [0] + noise, noise,
            random.bytes(131_072), random.bytes(131_073), random.text(10_000),
        ]
    }

    /// Stored as it is, a blob would be whatever its writer chose: a snapshot, an index, a note of the repository, sealed with its key.
    @Test(
        "No blob is sealed as it is: what does not shrink is a frame of its own bytes",
        arguments: [BlobSealer.Compression.off, .fast, .standard, .better])
    func neverPlain(_ compression: BlobSealer.Compression) throws {
        var random = SeededRandom(named: "neverPlain")
        let key = MasterKey(derived: random.bytes(64))
        let sealer = try BlobSealer(key: key, compression: compression, host: .forTests())
        let decompressor = try Decompressor()
        for plain in chosen(&random) {
            for kind in [BlobKind.data, .tree] {
                let sealed = try plain.withUnsafeBytes { try sealer.seal($0, id: sealer.id(of: $0), kind: kind) }
                #expect(sealed.uncompressedLength == UInt32(plain.count))
                #expect(sealed.bytes.count <= plain.count + 32 + 12 + 3 * (plain.count / 131_072))
                let stored = try Self.opened(sealed, key)
                #expect(stored.starts(with: [0x28, 0xB5, 0x2F, 0xFD]))
                #expect(stored.withUnsafeBytes { decompressor.decompress($0, limit: plain.count) } == plain)
                let again = try plain.withUnsafeBytes { try sealer.reseal($0, id: sealer.id(of: $0), uncompressedLength: nil) }
                #expect(again.uncompressedLength == UInt32(plain.count))
                #expect(try Self.opened(again, key).starts(with: [0x28, 0xB5, 0x2F, 0xFD]))
            }
        }
    }

    private static func opened(_ sealed: BlobSealer.Sealed, _ key: MasterKey) throws -> [UInt8] {
        var bytes = Array(sealed.bytes)
        return try bytes.withUnsafeMutableBytes { bytes in
            let stored = try Cipher(key, random: Host.forTests().random).open(bytes)
            return Array(try #require(stored))
        }
    }

    @Test("What shrinks is compressed, and an empty blob stays empty")
    func shrinking() throws {
        var random = SeededRandom(named: "shrinking")
        let sealer = try BlobSealer(key: MasterKey(derived: random.bytes(64)), compression: .standard, host: .forTests())
        let text = random.text(100_000)
        let sealed = try text.withUnsafeBytes { try sealer.seal($0, id: sealer.id(of: $0), kind: .data) }
        #expect(sealed.uncompressedLength == 100_000)
        #expect(sealed.bytes.count < 60_000)
        let empty = try [UInt8]().withUnsafeBytes { try sealer.seal($0, id: sealer.id(of: $0), kind: .data) }
        #expect(empty.uncompressedLength == nil)
        #expect(empty.bytes.count == 32)
    }

    @Test("Without compression data is as long as it was, and trees are compressed all the same")
    func compressionOff() throws {
        var random = SeededRandom(named: "compressionOff")
        let sealer = try BlobSealer(key: MasterKey(derived: random.bytes(64)), compression: .off, host: .forTests())
        let text = random.text(10_000)
        let (data, tree) = try text.withUnsafeBytes { bytes in
            (
                try sealer.seal(bytes, id: sealer.id(of: bytes), kind: .data).bytes.count,
                try sealer.seal(bytes, id: sealer.id(of: bytes), kind: .tree).bytes.count
            )
        }
        #expect(data >= 10_000)
        #expect(tree < 6_000)
    }
}
