import Model

/// Messages of PostgreSQL's protocol, version 3, as far as whoever stands between a client and a server has to understand them (manual of
/// PostgreSQL, "Message Formats"): a byte for the type, and in four bytes, the highest first, a length that counts itself and what follows.
enum ServerMessage {
    static let header = 5
    static let query = UInt8(ascii: "Q")
    static let copyData = UInt8(ascii: "d")
    static let copyOutResponse = UInt8(ascii: "H")
    static let commandComplete = UInt8(ascii: "C")
    static let errorResponse = UInt8(ascii: "E")
    static let readyForQuery = UInt8(ascii: "Z")

    /// Of what follows the length at `place`.
    static func bodyLength(_ bytes: UnsafeRawBufferPointer, at place: Int) throws -> Int {
        let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))) - 4
        guard length >= 0 else { throw Failure(.store, "a message of PostgreSQL with a length of \(length + 4)") }
        return length
    }

    /// What the first error among these messages says; nil when there is none, or when it is not there as a whole.
    static func problem(in messages: [UInt8]) -> String? {
        messages.withUnsafeBytes { bytes in
            var place = 0
            while bytes.count - place >= header, let length = try? bodyLength(bytes, at: place + 1), bytes.count - place - header >= length
            {
                let body = bytes[(place + header)..<(place + header + length)]
                if bytes[place] == errorResponse { return text(of: body) }
                place += header + length
            }
            return nil
        }
    }

    /// Fields follow each other: a letter, and text that ends with 0. `M` has the message.
    private static func text(of fields: Slice<UnsafeRawBufferPointer>) -> String {
        let message = fields.split(separator: 0).first { $0.first == UInt8(ascii: "M") }
        return message.map { ByteText.text($0.dropFirst()) } ?? "no message"
    }
}

/// What a client says, message by message. The first one of a session has no type.
struct ClientMessages {
    private var bytes: [UInt8] = []
    private var hasBegun = false

    mutating func take(_ piece: UnsafeRawBufferPointer) { bytes += piece }

    /// The next one that is there as a whole, its header included.
    mutating func next() throws -> [UInt8]? {
        let typeLength = hasBegun ? 1 : 0
        guard bytes.count >= typeLength + 4 else { return nil }
        let length = try bytes.withUnsafeBytes { typeLength + 4 + (try ServerMessage.bodyLength($0, at: typeLength)) }
        guard bytes.count >= length else { return nil }
        defer { bytes.removeFirst(length) }
        hasBegun = true
        return Array(bytes[..<length])
    }

    /// The first message of a session of ours (StartupMessage), of protocol 3.0.
    static func beginning(user: String, database: String) -> [UInt8] {
        let options = SessionSettings.options(SessionSettings.common + SessionSettings.own, operators: ScratchSettings.session)
        let words = ["user", user, "database", database, "application_name", "holdfast", "options", options]
        let body = number(3 << 16) + words.flatMap { ByteText.bytes($0) + [0] } + [0]
        return number(body.count + 4) + body
    }

    /// A message that asks the server to run a statement.
    static func message(asking statement: String) -> [UInt8] {
        let text = ByteText.bytes(statement) + [0]
        return [ServerMessage.query] + number(text.count + 4) + text
    }

    private static func number(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }

    /// What a message asks the server to run; nil for one of another kind.
    static func query(in message: [UInt8]) -> String? {
        guard message.first == ServerMessage.query, message.last == 0 else { return nil }
        return ByteText.text(message[ServerMessage.header..<(message.count - 1)])
    }
}

/// What a server says, taken apart into rows of `COPY` and everything else.
struct ServerAnswers {
    /// What comes next in the order of the bytes.
    enum Part {
        /// Bytes of rows: what `COPY` sends, without the messages around it.
        case rows(UnsafeRawBufferPointer)
        /// Bytes of any other message, its header included.
        case other(UnsafeRawBufferPointer)
        /// The last byte of a message of this type has been given.
        case end(type: UInt8)
    }

    private var type: UInt8 = 0
    /// Of the body of the present message, what is still to come.
    private var rest = 0

    /// Takes what it can and gives the number of bytes; what is left, fewer than a header has, comes again with what follows it.
    mutating func take(_ bytes: UnsafeRawBufferPointer, _ give: (Part) throws -> Void) throws -> Int {
        var place = 0
        while place < bytes.count {
            if rest == 0 {
                guard bytes.count - place >= ServerMessage.header else { break }
                type = bytes[place]
                rest = try ServerMessage.bodyLength(bytes, at: place + 1)
                if type != ServerMessage.copyData { try give(.other(Self.part(bytes, place, ServerMessage.header))) }
                place += ServerMessage.header
            }
            let body = Self.part(bytes, place, min(rest, bytes.count - place))
            if !body.isEmpty { try give(type == ServerMessage.copyData ? .rows(body) : .other(body)) }
            place += body.count
            rest -= body.count
            if rest == 0 { try give(.end(type: type)) }
        }
        return place
    }

    private static func part(_ bytes: UnsafeRawBufferPointer, _ place: Int, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[place..<(place + count)])
    }
}
