import HostIO
import Testing
import TestSupport

@testable import RepositoryEngine

/// Gives the same bytes again and again.
private struct FixedBytes: RandomSource {
    let bytes: [UInt8]

    func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        for index in buffer.indices { buffer[index] = bytes[index % bytes.count] }
    }
}

private func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }.map { UInt8($0.hexDigitValue ?? 0) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

private func key(encrypt: [UInt8] = [UInt8](repeating: 7, count: 32), k: [UInt8], r: [UInt8]) throws -> MasterKey {
    try #require(MasterKey(encrypt: encrypt, macKey: k, macR: r))
}

@Suite struct SealingTests {
    /// Appendix B of Bernstein, “The Poly1305-AES message-authentication code”.
    private static let macVectors: [(m: String, r: String, k: String, n: String, tag: String)] = [
        (
            "f3f6", "851fc40c3467ac0be05cc20404f3f700", "ec074c835580741701425b623235add6", "fb447350c4e868c52ac3275cf9d4327e",
            "f4c633c3044fc145f84f335cb81953de"
        ),
        (
            "", "a0f3080000f46400d0c7e9076c834403", "75deaa25c09f208e1dc4ce6b5cad3fbf", "61ee09218d29b0aaed7e154a2c5509cc",
            "dd3fab2251f11ac759f0887129cc2ee7"
        ),
        (
            "663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136", "48443d0bb0d21109c89a100b5ce2c208",
            "6acb5f61a7176dd320c5c1eb2edcdc74", "ae212a55399729595dea458bc621ff0e", "0ee1c16bb73f0f4fd19881753c01cdbe"
        ),
    ]

    @Test("The MAC is Poly1305-AES: the vectors of its paper open", arguments: macVectors.indices)
    func polyVectors(index: Int) throws {
        let vector = Self.macVectors[index]
        let cipher = try Cipher(try key(k: hex(vector.k), r: hex(vector.r)), random: SystemRandom())
        var sealed = hex(vector.n) + hex(vector.m) + hex(vector.tag)
        let opened = try sealed.withUnsafeMutableBytes { try cipher.open($0)?.count }
        #expect(opened == hex(vector.m).count)
    }

    @Test("A changed bit anywhere in a sealed unit is noticed")
    func everyBitCounts() throws {
        let vector = Self.macVectors[0]
        let cipher = try Cipher(try key(k: hex(vector.k), r: hex(vector.r)), random: SystemRandom())
        let sealed = hex(vector.n) + hex(vector.m) + hex(vector.tag)
        for bit in 0..<(sealed.count * 8) {
            var bad = sealed
            bad[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(try bad.withUnsafeMutableBytes { try cipher.open($0) } == nil, "bit \(bit)")
        }
        for count in 0..<sealed.count {
            var short = Array(sealed.prefix(count))
            #expect(try short.withUnsafeMutableBytes { try cipher.open($0) } == nil, "\(count) bytes")
        }
    }

    /// NIST SP 800-38A, F.5.5.
    @Test("The stream is AES-256-CTR with the nonce as its first counter block")
    func counterModeVector() throws {
        let nonce = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
        let master = try key(
            encrypt: hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"), k: [UInt8](repeating: 1, count: 16),
            r: [UInt8](repeating: 2, count: 16))
        let cipher = try Cipher(master, random: FixedBytes(bytes: nonce))
        let plain = hex("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef")
        var sealed = [UInt8](repeating: 0, count: plain.count + Cipher.overhead)
        try sealed.withUnsafeMutableBytes { sealed in try plain.withUnsafeBytes { try cipher.seal($0, into: sealed) } }
        #expect(Array(sealed[..<16]) == nonce)
        #expect(
            Array(sealed[16..<64])
                == hex("601ec313775789a5b7a7f504bbf3d228 f443e3ca4d62b59aca84e990cacaf5c5 2b0930daa23de94ce87017ba2d84988d"))
    }

    @Test("What is sealed opens again, whatever its length, and never twice to the same bytes")
    func roundTrip() throws {
        var random = SeededRandom(named: "roundTrip")
        let cipher = try Cipher(MasterKey(derived: random.bytes(64)), random: SystemRandom())
        for count in [0, 1, 15, 16, 17, 31, 32, 33, 4095, 100_000] {
            let plain = random.bytes(count)
            var units: Set<[UInt8]> = []
            for _ in 0..<2 {
                var sealed = [UInt8](repeating: 0, count: count + Cipher.overhead)
                try sealed.withUnsafeMutableBytes { sealed in try plain.withUnsafeBytes { try cipher.seal($0, into: sealed) } }
                units.insert(sealed)
                let opened = try sealed.withUnsafeMutableBytes { sealed in try cipher.open(sealed).map { Array($0) } }
                #expect(opened == plain)
            }
            #expect(units.count == 2)
        }
    }

    /// RFC 7914, section 12.
    @Test("Key derivation is scrypt")
    func scryptVector() throws {
        let derived = try KeyDerivationCost(n: 1024, r: 8, p: 16).derive(password: Array("password".utf8), salt: Array("NaCl".utf8))
        #expect(
            derived
                == hex(
                    """
                    fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162
                    2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640
                    """))
    }

    @Test("Costs that would exhaust the machine, or that are none, are not computed")
    func hostileCosts() {
        for (n, r, p) in [
            (1 << 24, 8, 1), (1 << 30, 1 << 20, 1), (1 << 20, 8, 1024), (0, 8, 1), (1, 8, 1), (1000, 8, 1), (2, 0, 1), (2, 1, 0),
        ] {
            let cost = KeyDerivationCost(n: n, r: r, p: p)
            #expect(!cost.isAcceptable, "N=\(n) r=\(r) p=\(p)")
        }
        #expect(KeyDerivationCost.standard.isAcceptable)
        #expect(KeyDerivationCost(n: 65536, r: 8, p: 20).isAcceptable)
    }

    @Test("An empty password and a long one derive keys like any other")
    func unusualPasswords() throws {
        let salt = [UInt8](repeating: 3, count: 64)
        let cost = KeyDerivationCost(n: 2, r: 1, p: 1)
        let keys = try [0, 1, 63, 64, 65, 10_000].map { try cost.derive(password: [UInt8](repeating: 65, count: $0), salt: salt) }
        #expect(Set(keys).count == keys.count)
        #expect(keys.allSatisfy { $0.count == 64 })
    }
}
