@testable import PostgresStore
import TestSupport
import Testing

@Suite struct ServerMessagesTests {
    private func message(_ type: Character, _ body: [UInt8]) -> [UInt8] {
        let length = withUnsafeBytes(of: UInt32(body.count + 4).bigEndian) { Array($0) }
        return [type.asciiValue ?? 0] + length + body
    }

    @Test func `answers are taken apart wherever they are cut`() throws {
        var random = SeededRandom(named: "answers")
        for _ in 0..<200 {
            var stream: [UInt8] = []
            var rows: [UInt8] = []
            var others: [UInt8] = []
            var types: [UInt8] = []
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                let type: Character = "dddHCZTDN".randomElement(using: &random) ?? "d"
                let body = (0..<(Bool.random(using: &random) ? 0 : Int.random(in: 0...300, using: &random))).map {
                    UInt8(truncatingIfNeeded: $0)
                }
                let message = message(type, body)
                stream += message
                if type == "d" { rows += body } else { others += message }
                types.append(message[0])
            }
            var answers = ServerAnswers()
            var found: (rows: [UInt8], others: [UInt8], types: [UInt8]) = ([], [], [])
            var buffer: [UInt8] = []
            while !stream.isEmpty {
                let count = min(stream.count, Int.random(in: 1...90, using: &random))
                buffer += stream.prefix(count)
                stream.removeFirst(count)
                let taken = try buffer.withUnsafeBytes { bytes in
                    try answers.take(bytes) { part in
                        switch part {
                        case .rows(let bytes): found.rows += bytes
                        case .other(let bytes): found.others += bytes
                        case .end(let type): found.types.append(type)
                        }
                    }
                }
                buffer.removeFirst(taken)
                #expect(buffer.count < ServerMessage.header)
            }
            #expect(found.rows == rows && found.others == others && found.types == types && buffer.isEmpty)
        }
    }

    @Test func `a length that cannot be is an error`() {
        var answers = ServerAnswers()
        #expect(throws: (any Error).self) { try [UInt8](arrayLiteral: 0x5A, 0, 0, 0, 3).withUnsafeBytes { try answers.take($0) { _ in } } }
        var requests = ClientMessages()
        [UInt8](repeating: 0, count: 8).withUnsafeBytes { requests.take($0) }
        #expect(throws: (any Error).self) { try requests.next() }
    }

    @Test func `what a client says is known message by message, the first one without a type`() throws {
        let messages = [
            ClientMessages.beginning(user: "ada", database: "a b"), ClientMessages.message(asking: "COPY t (ü) TO stdout;"),
            message("X", []),
        ]
        for step in [1, 3, 7, 1000] {
            var requests = ClientMessages()
            var found: [[UInt8]] = []
            let stream = messages.flatMap(\.self)
            for start in stride(from: 0, to: stream.count, by: step) {
                stream[start..<min(start + step, stream.count)].withUnsafeBytes { requests.take($0) }
                while let next = try requests.next() { found.append(next) }
            }
            #expect(found == messages)
        }
        #expect(messages.map { ClientMessages.query(in: $0) } == [nil, "COPY t (ü) TO stdout;", nil])
    }

    @Test func `what an error says is found among other messages`() {
        let error = message("E", Array("SERROR\0C42P01\0Mno such table\0\0".utf8))
        #expect(ServerMessage.problem(in: message("N", [1, 2]) + error + message("Z", [0x49])) == "no such table")
        #expect(ServerMessage.problem(in: message("N", [1, 2]) + error.dropLast()) == nil)
        #expect(ServerMessage.problem(in: message("E", [0])) == "no message")
        #expect(ServerMessage.problem(in: []) == nil)
    }
}
