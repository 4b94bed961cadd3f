/// `config` (format section "Config"): encrypted, neither compressed nor marked with a version byte.
package struct RepositoryConfig: Hashable, Sendable {
    /// 1 or 2.
    package var version: Int
    /// 64 hex digits.
    package var id: String
    /// Bit n is the coefficient of x^n.
    package var chunkerPolynomial: UInt64

    package init(version: Int, id: String, chunkerPolynomial: UInt64) {
        self.version = version
        self.id = id
        self.chunkerPolynomial = chunkerPolynomial
    }
}

extension RepositoryConfig: JSONFile {
    package init(decoding bytes: UnsafeRawBufferPointer) throws(FormatError) {
        var scanner = JSONScanner(bytes, of: .config)
        var version: UInt64?
        var id: String?
        var polynomial: UInt64?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "version": version = try scanner.unsigned()
            case "id": id = try scanner.text()
            case "chunker_polynomial":
                let text = try scanner.text()
                guard text.utf8.count <= 16, text.utf8.first != 0x2B, let value = UInt64(text, radix: 16) else {
                    throw scanner.error(.invalid("chunker polynomial"))
                }
                polynomial = value
            default: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard let version else { throw scanner.error(.missing("version")) }
        guard version == 1 || version == 2 else { throw scanner.error(.unsupported("repository version \(version)")) }
        guard let id, !id.isEmpty else { throw scanner.error(.missing("id")) }
        guard let polynomial else { throw scanner.error(.missing("chunker_polynomial")) }
        guard ChunkerPolynomial.isValid(polynomial) else { throw scanner.error(.invalid("chunker polynomial")) }
        self.init(version: Int(version), id: id, chunkerPolynomial: polynomial)
    }

    package func encoded() -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"version\":")
        writer.signed(Int64(version))
        writer.raw(",\"id\":")
        writer.string(id)
        writer.raw(",\"chunker_polynomial\":")
        writer.string(String(chunkerPolynomial, radix: 16))
        writer.byte(0x7D)
        return writer.finish()
    }
}
