/// The three parts of a key (format section "Keys, Encryption and MAC"). 64 bytes that never leave the process in the clear.
package struct MasterKey: Sendable {
    /// AES-256: 32 bytes.
    let encrypt: [UInt8]
    /// `k` of Poly1305-AES: 16 bytes.
    let macKey: [UInt8]
    /// `r` of Poly1305-AES: 16 bytes.
    let macR: [UInt8]

    /// Nil when a part has another length.
    init?(encrypt: [UInt8], macKey: [UInt8], macR: [UInt8]) {
        guard encrypt.count == 32, macKey.count == 16, macR.count == 16 else { return nil }
        self.encrypt = encrypt
        self.macKey = macKey
        self.macR = macR
    }

    /// From 64 bytes in the order in which scrypt gives them.
    init(derived bytes: [UInt8]) {
        precondition(bytes.count == 64, "a derived key is 64 bytes")
        encrypt = Array(bytes[0..<32])
        macKey = Array(bytes[32..<48])
        macR = Array(bytes[48..<64])
    }
}
