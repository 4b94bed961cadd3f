import CCrypto
import Model

/// Cost of scrypt (RFC 7914): memory is 128 · N · r bytes, time grows with N · r · p.
package struct KeyDerivationCost: Hashable, Sendable {
    package let n: Int
    package let r: Int
    package let p: Int

    package init(n: Int, r: Int, p: Int) {
        self.n = n
        self.r = r
        self.p = p
    }

    /// 32 MiB and some 50 ms on a core of 2020. Passwords that Holdfast makes have 160 random bits and need no more; every command opens
    /// a repository or two.
    package static let standard = KeyDerivationCost(n: 32768, r: 8, p: 1)
    /// For tests: accepted by every reader, and no protection.
    package static let quick = KeyDerivationCost(n: 1024, r: 8, p: 1)

    /// Within what this engine is willing to compute for a key file that it did not write: 256 MiB of memory, and some three seconds on a
    /// core of 2020. restic fits its own to half a second of the machine that makes them, so they are no more than a sixth of this.
    var isAcceptable: Bool {
        guard n > 1, n & (n - 1) == 0, r >= 1, p >= 1, n <= 1 << 30, r <= 1 << 20, p <= 1 << 10 else { return false }
        return n * r <= 1 << 21 && work <= 3 << 22
    }

    /// What its time grows with; the standard has 2^18.
    var work: Int { n.multipliedSaturated(by: r).multipliedSaturated(by: p) }

    /// The parameters keep the pointers of their names, which so must outlive them.
    private static func name(_ name: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    /// 64 bytes.
    func derive(password: [UInt8], salt: [UInt8]) throws -> [UInt8] {
        guard isAcceptable else { throw RepositoryError.library("scrypt with N=\(n) r=\(r) p=\(p)") }
        guard let algorithm = EVP_KDF_fetch(nil, "SCRYPT", nil) else { throw RepositoryError.library("EVP_KDF_fetch") }
        defer { EVP_KDF_free(algorithm) }
        guard let context = EVP_KDF_CTX_new(algorithm) else { throw RepositoryError.library("EVP_KDF_CTX_new") }
        defer { EVP_KDF_CTX_free(context) }
        var derived = [UInt8](repeating: 0, count: 64)
        var password = password, salt = salt
        var costN = UInt64(n), costR = UInt32(r), costP = UInt32(p)
        var limit = UInt64(128) * UInt64(n) * UInt64(r) + UInt64(128) * UInt64(r) * UInt64(p) + (8 << 20)
        let result = password.withUnsafeMutableBytes { password in
            salt.withUnsafeMutableBytes { salt in
                withUnsafeMutablePointer(to: &costN) { costN in
                    withUnsafeMutablePointer(to: &costR) { costR in
                        withUnsafeMutablePointer(to: &costP) { costP in
                            withUnsafeMutablePointer(to: &limit) { limit in
                                let parameters = [
                                    OSSL_PARAM_construct_octet_string(Self.name("pass"), password.baseAddress, password.count),
                                    OSSL_PARAM_construct_octet_string(Self.name("salt"), salt.baseAddress, salt.count),
                                    OSSL_PARAM_construct_uint64(Self.name("n"), costN),
                                    OSSL_PARAM_construct_uint32(Self.name("r"), costR),
                                    OSSL_PARAM_construct_uint32(Self.name("p"), costP),
                                    OSSL_PARAM_construct_uint64(Self.name("maxmem_bytes"), limit),
                                    OSSL_PARAM_construct_end(),
                                ]
                                return EVP_KDF_derive(context, &derived, 64, parameters)
                            }
                        }
                    }
                }
            }
        }
        guard result == 1 else { throw RepositoryError.library("EVP_KDF_derive") }
        return derived
    }
}
