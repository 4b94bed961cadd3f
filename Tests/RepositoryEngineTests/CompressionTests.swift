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

    @Test("Blobs that do not shrink are stored as they are, and empty ones too")
    func incompressible() throws {
        var random = SeededRandom(named: "incompressible")
        let sealer = try BlobSealer(key: MasterKey(derived: random.bytes(64)), compression: .standard, host: .forTests())
        for plain in [[], [1], random.bytes(100_000)] as [[UInt8]] {
            let sealed = try plain.withUnsafeBytes { try sealer.seal($0, id: sealer.id(of: $0), kind: .data) }
            #expect(sealed.uncompressedLength == nil)
            #expect(sealed.bytes.count == plain.count + 32)
        }
        let text = random.text(100_000)
        let sealed = try text.withUnsafeBytes { try sealer.seal($0, id: sealer.id(of: $0), kind: .data) }
        #expect(sealed.uncompressedLength == 100_000)
        #expect(sealed.bytes.count < 60_000)
    }

    @Test("Without compression data stays as it is, and trees are compressed all the same")
    func compressionOff() throws {
        var random = SeededRandom(named: "compressionOff")
        let sealer = try BlobSealer(key: MasterKey(derived: random.bytes(64)), compression: .off, host: .forTests())
        let text = random.text(10_000)
        let (data, tree) = try text.withUnsafeBytes { bytes in
            (
                try sealer.seal(bytes, id: sealer.id(of: bytes), kind: .data).uncompressedLength,
                try sealer.seal(bytes, id: sealer.id(of: bytes), kind: .tree).uncompressedLength
            )
        }
        #expect(data == nil)
        #expect(tree == 10_000)
    }
}
