import Archiving
import TestSupport
import Testing

@Suite struct GearChunkerTests {
    private func lengths(_ bytes: [UInt8]) -> [Int] {
        bytes.withUnsafeBytes { bytes in
            var lengths: [Int] = []
            var start = 0
            while start < bytes.count {
                lengths.append(GearChunker.boundary(in: UnsafeRawBufferPointer(rebasing: bytes[start...])))
                start += lengths[lengths.count - 1]
            }
            return lengths
        }
    }

    private func boundaries(_ bytes: [UInt8]) -> [Int] {
        lengths(bytes).reduce(into: []) { ends, length in ends.append((ends.last ?? 0) + length) }
    }

    @Test func `the chunks of known bytes never change`() {
        var random = SeededRandom(seed: 1)
        #expect(lengths(random.bytes(8 << 20)) == Self.known)
    }

    private static let known = [1_015_176, 1_126_710, 1_281_518, 2_097_152, 1_063_706, 1_257_141, 547_205]

    @Test func `all chunks but the last keep to the sizes, and their mean is near the normal one`() {
        var random = SeededRandom(named: "chunk sizes")
        let lengths = lengths(random.bytes(64 << 20))
        #expect(lengths.dropLast().allSatisfy { $0 >= GearChunker.minimum && $0 <= GearChunker.maximum })
        let mean = lengths.reduce(0, +) / lengths.count
        #expect(mean > GearChunker.normal * 3 / 4 && mean < GearChunker.normal * 2)
    }

    @Test func `an insertion moves only the boundaries next to it`() {
        var random = SeededRandom(named: "insertion")
        let before = random.bytes(32 << 20)
        let place = 10 << 20
        let inserted = 12_345
        let after = Array(before[..<place]) + random.bytes(inserted) + Array(before[place...])
        let old = Set(boundaries(before))
        let new = Set(boundaries(after))
        #expect(old.filter { $0 <= place - GearChunker.maximum }.isSubset(of: new))
        let kept = old.filter { $0 > place }.filter { new.contains($0 + inserted) }
        #expect(kept.count > old.filter { $0 > place }.count * 2 / 3)
    }

    @Test func `zeros are cut at the maximum, as the skipping of holes assumes`() {
        #expect(lengths([UInt8](repeating: 0, count: GearChunker.maximum * 2 + 5)) == [GearChunker.maximum, GearChunker.maximum, 5])
    }

    @Test(arguments: [0, 1, GearChunker.minimum - 1, GearChunker.minimum, GearChunker.minimum + 1, GearChunker.minimum + 2])
    func `few bytes are one chunk`(count: Int) {
        var random = SeededRandom(seed: 7)
        let bytes = random.bytes(count)
        #expect(bytes.withUnsafeBytes { GearChunker.boundary(in: $0) } == count)
    }

    @Test func `a boundary does not depend on what follows it`() {
        var random = SeededRandom(seed: 3)
        let bytes = random.bytes(GearChunker.maximum * 2)
        bytes.withUnsafeBytes { bytes in
            let length = GearChunker.boundary(in: bytes)
            #expect(GearChunker.boundary(in: UnsafeRawBufferPointer(rebasing: bytes[..<GearChunker.maximum])) == length)
        }
    }
}
