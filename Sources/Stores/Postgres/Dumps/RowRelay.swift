import HostIO
import Model

/// What a server has said, and where it goes: rows into a ``RowStream``, when some are expected, everything else to whoever asked.
struct RowRelay {
    private static let pieceSize = 256 << 10
    static let bufferSize = 256 << 10
    /// After fewer bytes of rows than these the server is left alone for a while: it sends 8 KiB at a time, and waking somebody for each costs more
    /// than sending them.
    private static let enough = 64 << 10
    private static let pause = Duration.microseconds(100)

    private let server: LocalSocket
    private let buffer = RelayBuffer(byteCount: bufferSize)
    /// Bytes in the buffer that are no whole header yet.
    private var held = 0
    private var answers = ServerAnswers()
    private var expected: (stream: RowStream, part: Int)?
    private var piece: [UInt8] = []
    /// Messages but those of rows, one after the other; taken out by whoever wants them.
    var others: [UInt8] = []
    /// Rows are coming, and nothing else will before they have ended.
    private(set) var isCopying = false
    /// The server waits for the next statement.
    private(set) var isReady = false

    private final class RelayBuffer {
        let bytes: UnsafeMutableRawBufferPointer
        init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 64) }
        deinit { bytes.deallocate() }
    }

    init(_ server: LocalSocket) { self.server = server }

    /// Sends a message; the server is ready when it has answered.
    mutating func send(_ message: [UInt8]) throws {
        isReady = false
        try message.withUnsafeBytes { try server.send($0) }
    }

    /// The rows of the next statement go there.
    mutating func expect(_ stream: RowStream, part: Int) { expected = (stream, part) }

    /// Waits for more and takes it apart; false when the server has ended.
    mutating func receive() throws -> Bool {
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[held...])
        let count = try server.receive(into: room)
        guard count > 0 else { return false }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<(held + count)])
        let taken = try take(bytes)
        held = bytes.count - taken
        buffer.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[taken...]))
        if isCopying, count < Self.enough { sleepThread(for: Self.pause) }
        return true
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        var answers = answers
        defer { self.answers = answers }
        return try answers.take(bytes) { try take($0) }
    }

    private mutating func take(_ part: ServerAnswers.Part) throws {
        switch part {
        case .rows(let rows):
            guard isCopying else { throw Failure(.store, "a server sends rows that nobody has asked for") }
            piece.append(contentsOf: rows)
            if piece.count >= Self.pieceSize { try push() }
        case .other(let bytes):
            isReady = false
            others.append(contentsOf: bytes)
        case .end(ServerMessage.copyOutResponse): isCopying = expected != nil
        case .end(ServerMessage.commandComplete) where isCopying:
            try push()
            if let (stream, part) = expected { stream.end(part) }
            (expected, isCopying) = (nil, false)
        // Who has asked reads why.
        case .end(ServerMessage.errorResponse): (expected, isCopying) = (nil, false)
        case .end(ServerMessage.readyForQuery): isReady = true
        case .end: return
        }
    }

    private mutating func push() throws {
        guard !piece.isEmpty, let (stream, part) = expected else { return }
        try stream.push(piece, in: part)
        piece = []
        piece.reserveCapacity(Self.pieceSize + (16 << 10))
    }
}
