import Model

/// One of WebHDFS's operations.
struct Operation: Hashable, Sendable {
    let verb: HTTPVerb
    let name: String
    /// For messages, before a path: "list".
    let words: String
    /// Whether a second time does what the first has done, and says the same: then it is sent again when its answer was lost.
    let isRepeatable: Bool
    /// Takes time by what lies below the path, or by how long a file is.
    private(set) var isLong = false

    private init(_ verb: HTTPVerb, _ name: String, _ words: String, isRepeatable: Bool) {
        self.verb = verb
        self.name = name
        self.words = words
        self.isRepeatable = isRepeatable
    }

    /// The same, waited for ten times as long.
    var long: Operation {
        var long = self
        long.isLong = true
        return long
    }

    static func get(_ name: String, _ words: String) -> Operation { Operation(.get, name, words, isRepeatable: true) }
    static func set(_ name: String, _ words: String, by verb: HTTPVerb = .put) -> Operation {
        Operation(verb, name, words, isRepeatable: true)
    }
    /// Whose second time fails or does more.
    static func once(_ name: String, _ words: String, by verb: HTTPVerb = .put) -> Operation {
        Operation(verb, name, words, isRepeatable: false)
    }
}

/// An operation on a path, with what else it needs.
struct Call: Sendable {
    struct Parameter: Hashable, Sendable {
        let name: String
        let value: String
    }

    let operation: Operation
    let path: HDFSPath
    private(set) var parameters: [Parameter] = []

    init(_ operation: Operation, _ path: HDFSPath) {
        self.operation = operation
        self.path = path
    }

    /// With one more parameter; without a value, as it is.
    func with(_ name: String, _ value: String?) -> Call {
        guard let value else { return self }
        var call = self
        call.parameters.append(Parameter(name: name, value: value))
        return call
    }

    func with(_ name: String, _ value: some BinaryInteger) -> Call { with(name, String(value)) }

    /// What follows the server: `/webhdfs/v1/a%20b?op=…&…`.
    func target(as identity: HDFSOptions.Identity) -> String {
        var target = path.encoded + "?op=\(operation.name)"
        switch identity {
        case .user(let name): target += "&user.name=\(PercentEncoding.encode(name.utf8))"
        case .token(let token): target += "&delegation=\(PercentEncoding.encode(token.text.utf8))"
        }
        for parameter in parameters { target += "&\(parameter.name)=\(PercentEncoding.encode(parameter.value.utf8))" }
        return target
    }
}

extension HDFSPath {
    /// As it stands in the address of a request.
    var encoded: String { "/webhdfs/v1" + PercentEncoding.encode(bytes, sparing: UInt8(ascii: "/")) }
}

/// RFC 3986: everything but its unreserved characters.
enum PercentEncoding {
    static func encode(_ bytes: some Sequence<UInt8>, sparing spared: UInt8? = nil) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            if isUnreserved(byte) || byte == spared {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), hexDigit(byte >> 4), hexDigit(byte & 15)]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
}
