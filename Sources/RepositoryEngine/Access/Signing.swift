import CCrypto

/// A key that is derived from a repository's for one purpose. Does not keep the repository's storage open.
package struct SigningKey: Sendable {
    private let derived: [UInt8]

    fileprivate init(_ derived: [UInt8]) { self.derived = derived }

    /// HMAC-SHA256 (RFC 2104) of `bytes`, 64 hex digits.
    package func signature(of bytes: [UInt8]) throws -> String {
        try Self.authenticate(bytes, under: derived).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    fileprivate static func authenticate(_ bytes: [UInt8], under key: [UInt8]) throws -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length = 0
        let result = EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, key, key.count, bytes, bytes.count, &digest, digest.count, &length)
        guard result != nil, length == digest.count else { throw RepositoryError.library("EVP_Q_mac") }
        return digest
    }
}

extension OpenRepository {
    /// Comes from the repository's master key by HKDF-SHA256 (RFC 5869: salt = the repository's id, info = `purpose`), so whoever can open the
    /// repository can sign and prove, and nobody else.
    package func signingKey(for purpose: String) throws -> SigningKey {
        let extracted = try SigningKey.authenticate(key.encrypt + key.macKey + key.macR, under: Array(id.utf8))
        return SigningKey(try SigningKey.authenticate(Array(purpose.utf8) + [1], under: extracted))
    }

    /// HMAC-SHA256 (RFC 2104) of `bytes`, 64 hex digits, with the key of ``signingKey(for:)``.
    package func signature(of bytes: [UInt8], for purpose: String) throws -> String { try signingKey(for: purpose).signature(of: bytes) }
}
