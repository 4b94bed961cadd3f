import Glibc
package import HostIO
import Synchronization

/// SplitMix64: the same numbers for the same seed. `HOLDFAST_TEST_SEED` sets the seed; otherwise it is drawn, and printed either way.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64
    package let seed: UInt64

    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Prints the seed under `name`.
    package init(named name: String) {
        let drawn = environmentValue("HOLDFAST_TEST_SEED").flatMap(UInt64.init) ?? UInt64.random(in: 0...(.max))
        self.init(seed: drawn)
        print("\(name): HOLDFAST_TEST_SEED=\(drawn)")
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Bytes that do not compress.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: max(count, 0)) { buffer, filled in
            let memory = UnsafeMutableRawBufferPointer(buffer)
            var index = 0
            while count - index >= 8 {
                memory.storeBytes(of: next().littleEndian, toByteOffset: index, as: UInt64.self)
                index += 8
            }
            var word = index < count ? next() : 0
            while index < count {
                memory[index] = UInt8(truncatingIfNeeded: word)
                word >>= 8
                index += 1
            }
            filled = max(count, 0)
        }
    }

    /// Words from a small vocabulary: compresses about as text does.
    package mutating func text(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 12)
        while bytes.count < count {
            let word = next() % 2048
            bytes.append(contentsOf: Array("w\(String(word &* 7919, radix: 36)) ".utf8))
        }
        return Array(bytes.prefix(count))
    }
}

/// A `RandomSource` for a `Host` whose keys and names must be the same in every run.
package final class SeededSource: RandomSource {
    private let generator: Mutex<SeededRandom>

    package init(seed: UInt64) { generator = Mutex(SeededRandom(seed: seed)) }

    package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        let bytes = generator.withLock { $0.bytes(buffer.count) }
        buffer.copyBytes(from: bytes)
    }
}

extension Host {
    /// A host for tests: clock and randomness as given, real ones otherwise; the name is `testhost`, the process this one, so that its
    /// locks count as those of a living process.
    package static func forTests(
        clock: any WallClock = SystemClock(), random: any RandomSource = SystemRandom(), processors: Int = 2
    ) -> Host {
        Host(
            clock: clock, random: random, name: "testhost", user: "tester", processID: getpid(), processors: processors, boot: "test",
            process: .current())
    }
}
