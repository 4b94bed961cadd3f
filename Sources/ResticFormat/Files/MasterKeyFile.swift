/// The plain text of a key file's `data`: the keys that seal everything else.
package struct MasterKeyFile: Hashable, Sendable {
    /// 16 bytes: the AES-128 key of Poly1305-AES.
    package var macKey: [UInt8]
    /// 16 bytes: Poly1305's r, clamped or not.
    package var macR: [UInt8]
    /// 32 bytes: AES-256.
    package var encryptionKey: [UInt8]

    package init(macKey: [UInt8], macR: [UInt8], encryptionKey: [UInt8]) {
        self.macKey = macKey
        self.macR = macR
        self.encryptionKey = encryptionKey
    }
}

extension MasterKeyFile: JSONFile {
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FormatError) {
        var scanner = JSONScanner(bytes, of: .masterKey)
        self.init(macKey: [], macR: [], encryptionKey: [])
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "mac": try readMAC(&scanner)
            case "encrypt": encryptionKey = try scanner.base64()
            default: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard macKey.count == 16, macR.count == 16, encryptionKey.count == 32 else {
            throw scanner.error(.outOfRange("length of a key"))
        }
    }

    private mutating func readMAC(_ scanner: inout JSONScanner) throws(FormatError) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "k": macKey = try scanner.base64()
            case "r": macR = try scanner.base64()
            default: try scanner.skipValue()
            }
        }
    }

    package func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"mac\":{\"k\":")
        writer.base64(macKey)
        writer.raw(",\"r\":")
        writer.base64(macR)
        writer.raw("},\"encrypt\":")
        writer.base64(encryptionKey)
        writer.byte(0x7D)
        return writer.finish()
    }
}
