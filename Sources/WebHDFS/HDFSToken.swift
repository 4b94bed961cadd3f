import HostIO
package import Model

/// A delegation token: whoever has it acts as its user. Its text is in no description of it.
package struct HDFSToken: Sendable, CustomStringConvertible, CustomReflectable {
    let text: String

    package init(_ text: String) { self.text = text }

    /// Of a file that holds the token's URL string, or the answer of GETDELEGATIONTOKEN as it came.
    package init(file path: String) throws(Failure) {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try AtomicFile.read(path, limit: 64 << 10) } catch {
            throw Failure(error.isNotFound ? .notFound : .storage, "cannot read the token file \(path)", cause: error.reason)
        }
        let text = Self.urlString(inAnswer: bytes) ?? String(decoding: bytes, as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let word = words.first, word.utf8.allSatisfy(Self.isTokenByte) else {
            throw Failure(
                .usage, "\(path) holds no delegation token",
                hint: "put the token's text or the answer of GETDELEGATIONTOKEN into it; `hdfs fetchdt` writes another form")
        }
        self.init(String(word))
    }

    private static func urlString(inAnswer bytes: [UInt8]) -> String? {
        let text = try? JSONReader.read(bytes) { reader throws(MalformedAnswer) in
            try reader.required("Token") { reader throws(MalformedAnswer) in
                try reader.required("urlString") { reader throws(MalformedAnswer) in try reader.string() }
            }
        }
        return text
    }

    /// URL-safe base64.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "="): true
        default: false
        }
    }

    package var description: String { "(token)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
