import CCrypto
import HostIO

/// AES-256-CTR and Poly1305-AES with one key (format section "Keys, Encryption and MAC"). One per thread.
///
/// A sealed unit is `IV(16) || CIPHERTEXT || MAC(16)`.
final class Cipher {
    /// Bytes that sealing adds.
    static let overhead = 32
    private let stream: OpaquePointer
    private let nonceBlock: OpaquePointer
    private let mac: OpaquePointer
    private let macR: [UInt8]
    private let random: any RandomSource

    init(_ key: MasterKey, random: any RandomSource) throws {
        stream = try Self.context("AES-256-CTR", key: key.encrypt)
        nonceBlock = try Self.context("AES-128-ECB", key: key.macKey)
        guard let algorithm = EVP_MAC_fetch(nil, "POLY1305", nil) else { throw RepositoryError.library("EVP_MAC_fetch") }
        defer { EVP_MAC_free(algorithm) }
        guard let mac = EVP_MAC_CTX_new(algorithm) else { throw RepositoryError.library("EVP_MAC_CTX_new") }
        self.mac = mac
        macR = key.macR
        self.random = random
    }

    deinit {
        EVP_CIPHER_CTX_free(stream)
        EVP_CIPHER_CTX_free(nonceBlock)
        EVP_MAC_CTX_free(mac)
    }

    private static func context(_ name: String, key: [UInt8]) throws -> OpaquePointer {
        guard let algorithm = EVP_CIPHER_fetch(nil, name, nil) else { throw RepositoryError.library("EVP_CIPHER_fetch \(name)") }
        defer { EVP_CIPHER_free(algorithm) }
        guard let context = EVP_CIPHER_CTX_new() else { throw RepositoryError.library("EVP_CIPHER_CTX_new") }
        guard EVP_EncryptInit_ex2(context, algorithm, key, nil, nil) == 1 else {
            EVP_CIPHER_CTX_free(context)
            throw RepositoryError.library("EVP_EncryptInit_ex2 \(name)")
        }
        EVP_CIPHER_CTX_set_padding(context, 0)
        return context
    }

    /// Seals `plain` into `sealed`, which is `plain.count + overhead` bytes and does not overlap it.
    func seal(_ plain: UnsafeRawBufferPointer, into sealed: UnsafeMutableRawBufferPointer) throws {
        precondition(sealed.count == plain.count + Self.overhead, "wrong size for a sealed unit")
        let nonce = UnsafeMutableRawBufferPointer(rebasing: sealed[0..<16])
        repeat { random.fill(nonce) } while nonce.allSatisfy { $0 == 0 }
        let body = UnsafeMutableRawBufferPointer(rebasing: sealed[16..<(16 + plain.count)])
        try crypt(plain, nonce: UnsafeRawBufferPointer(nonce), into: body)
        try withTag(of: UnsafeRawBufferPointer(body), nonce: UnsafeRawBufferPointer(nonce)) { tag in
            UnsafeMutableRawBufferPointer(rebasing: sealed[(16 + plain.count)...]).copyMemory(from: tag)
        }
    }

    /// The plain bytes of `sealed`, decrypted in place; nil when the MAC does not fit.
    func open(_ sealed: UnsafeMutableRawBufferPointer) throws -> UnsafeMutableRawBufferPointer? {
        guard sealed.count >= Self.overhead else { return nil }
        let end = sealed.count - 16
        let nonce = UnsafeRawBufferPointer(rebasing: sealed[0..<16])
        let body = UnsafeMutableRawBufferPointer(rebasing: sealed[16..<end])
        let stored = UnsafeRawBufferPointer(rebasing: sealed[end...])
        let sound = try withTag(of: UnsafeRawBufferPointer(body), nonce: nonce) { tag in
            CRYPTO_memcmp(tag.baseAddress, stored.baseAddress, 16) == 0
        }
        guard sound else { return nil }
        try crypt(UnsafeRawBufferPointer(body), nonce: nonce, into: body)
        return body
    }

    /// CTR is its own inverse; `input` and `output` may be the same bytes.
    private func crypt(_ input: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws {
        guard EVP_EncryptInit_ex2(stream, nil, nil, nonce.baseAddress?.assumingMemoryBound(to: UInt8.self), nil) == 1 else {
            throw RepositoryError.library("EVP_EncryptInit_ex2")
        }
        var done = 0
        while done < input.count {
            let part = min(input.count - done, 1 << 30)
            var written: Int32 = 0
            let ok = EVP_EncryptUpdate(
                stream, output.baseAddress?.advanced(by: done).assumingMemoryBound(to: UInt8.self), &written,
                input.baseAddress?.advanced(by: done).assumingMemoryBound(to: UInt8.self), Int32(part))
            guard ok == 1, Int(written) == part else { throw RepositoryError.library("EVP_EncryptUpdate") }
            done += part
        }
    }

    private func withTag<R>(
        of body: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, _ use: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        try withUnsafeTemporaryAllocation(byteCount: 48, alignment: 16) { scratch in
            let oneTime = scratch.baseAddress?.assumingMemoryBound(to: UInt8.self)
            UnsafeMutableRawBufferPointer(rebasing: scratch[0..<16]).copyBytes(from: macR)
            var written: Int32 = 0
            let encrypted = EVP_EncryptUpdate(
                nonceBlock, oneTime?.advanced(by: 16), &written, nonce.baseAddress?.assumingMemoryBound(to: UInt8.self), 16)
            guard encrypted == 1, written == 16 else { throw RepositoryError.library("EVP_EncryptUpdate AES-128-ECB") }
            guard EVP_MAC_init(mac, oneTime, 32, nil) == 1 else { throw RepositoryError.library("EVP_MAC_init") }
            if let base = body.baseAddress, !body.isEmpty {
                guard EVP_MAC_update(mac, base.assumingMemoryBound(to: UInt8.self), body.count) == 1 else {
                    throw RepositoryError.library("EVP_MAC_update")
                }
            }
            var length = 0
            guard EVP_MAC_final(mac, oneTime?.advanced(by: 32), &length, 16) == 1, length == 16 else {
                throw RepositoryError.library("EVP_MAC_final")
            }
            return try use(UnsafeRawBufferPointer(rebasing: scratch[32..<48]))
        }
    }
}
