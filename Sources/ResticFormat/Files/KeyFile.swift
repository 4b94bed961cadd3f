/// A file of `keys/`: plain JSON, neither encrypted nor compressed (format section "Keys, Encryption and MAC").
package struct KeyFile: Hashable, Sendable {
    package var created: NodeTime
    package var username: String
    package var hostname: String
    /// scrypt's cost parameters, greater than 0 but otherwise as they came: whoever derives the key must bound them.
    package var cost: UInt32
    package var blockSize: UInt32
    package var parallelism: UInt32
    /// 64 bytes.
    package var salt: [UInt8]
    /// The sealed bytes of a `MasterKeyFile`.
    package var data: [UInt8]

    package static let saltLength = 64
    package static let derivation = "scrypt"

    package init(
        created: NodeTime, username: String, hostname: String, cost: UInt32, blockSize: UInt32, parallelism: UInt32, salt: [UInt8],
        data: [UInt8]
    ) {
        self.created = created
        self.username = username
        self.hostname = hostname
        self.cost = cost
        self.blockSize = blockSize
        self.parallelism = parallelism
        self.salt = salt
        self.data = data
    }

    private init() {
        self.init(created: .epoch, username: "", hostname: "", cost: 0, blockSize: 0, parallelism: 0, salt: [], data: [])
    }
}

extension KeyFile: JSONFile {
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FormatError) {
        var scanner = JSONScanner(bytes, of: .key)
        var derivation = ""
        self.init()
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if try scanner.takeNull() { continue }
            switch key {
            case "created": created = try scanner.time()
            case "username": username = try scanner.text()
            case "hostname": hostname = try scanner.text()
            case "kdf": derivation = try scanner.text()
            case "N": cost = try scanner.unsigned32()
            case "r": blockSize = try scanner.unsigned32()
            case "p": parallelism = try scanner.unsigned32()
            case "salt": salt = try scanner.base64()
            case "data": data = try scanner.base64()
            default: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard derivation == KeyFile.derivation else { throw scanner.error(.unsupported("key derivation \"\(derivation)\"")) }
        guard cost > 1, blockSize > 0, parallelism > 0 else { throw scanner.error(.outOfRange("key derivation cost")) }
        guard salt.count == KeyFile.saltLength else { throw scanner.error(.outOfRange("length of the salt")) }
    }

    package func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"created\":")
        writer.quotedTime(created)
        writer.raw(",\"username\":")
        writer.string(username)
        writer.raw(",\"hostname\":")
        writer.string(hostname)
        writer.raw(",\"kdf\":")
        writer.string(KeyFile.derivation)
        writer.raw(",\"N\":")
        writer.unsigned(UInt64(cost))
        writer.raw(",\"r\":")
        writer.unsigned(UInt64(blockSize))
        writer.raw(",\"p\":")
        writer.unsigned(UInt64(parallelism))
        writer.raw(",\"salt\":")
        writer.base64(salt)
        writer.raw(",\"data\":")
        writer.base64(data)
        writer.byte(0x7D)
        return writer.finish()
    }
}
