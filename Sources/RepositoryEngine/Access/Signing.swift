import CCrypto

extension OpenRepository {
    /// HMAC-SHA256 (RFC 2104) of `bytes`, 64 hex digits. Its key comes from the repository's master key by HKDF-SHA256 (RFC 5869: salt = the
    /// repository's id, info = `purpose`), so whoever can open the repository can make it and check it, and nobody else.
    package func signature(of bytes: [UInt8], for purpose: String) throws -> String {
        let extracted = try Self.authenticate(key.encrypt + key.macKey + key.macR, under: Array(id.utf8))
        let derived = try Self.authenticate(Array(purpose.utf8) + [1], under: extracted)
        return try Self.authenticate(bytes, under: derived).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func authenticate(_ bytes: [UInt8], under key: [UInt8]) throws -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var length = 0
        let result = EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, key, key.count, bytes, bytes.count, &digest, digest.count, &length)
        guard result != nil, length == digest.count else { throw RepositoryError.library("EVP_Q_mac") }
        return digest
    }
}
