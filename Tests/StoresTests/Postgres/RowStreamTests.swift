import HostIO
import Model
@testable import PostgresStore
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct RowStreamTests {
    private func all(_ stream: RowStream) throws -> String {
        var text: [UInt8] = []
        while let pieces = try stream.next() { text += pieces.flatMap(\.self) }
        return String(decoding: text, as: UTF8.self)
    }

    @Test func `parts are read in their order, whoever is first, and end as a file of a dump does`() throws {
        let parts = 40
        let stream = RowStream("COPY t (id) TO stdout;", parts: parts)
        let thread = try WorkerThread(named: "parts") {
            try runWorkers(3) { worker in
                for part in stride(from: worker, to: parts, by: 3) {
                    // Some are empty, and some have more pieces than are read ahead.
                    for row in 0..<(part % 5 * 9) { try stream.push(Array("\(part) \(row)\n".utf8), in: part) }
                    stream.end(part)
                }
            }
        }
        let wanted = (0..<parts).map { part in (0..<(part % 5 * 9)).map { "\(part) \($0)\n" }.joined() }.joined()
        #expect(try all(stream) == wanted + "\\.\n\n\n")
        try thread.join()
        #expect(
            stream.isWhole && stream.rows.count == UInt64(wanted.split(separator: "\n").count)
                && stream.rows.bytes == UInt64(wanted.utf8.count))
        #expect(try stream.next() == nil)
    }

    /// However small they are: who is far ahead waits for who is behind.
    @Test func `parts that are ready long before they are wanted have little room together`() throws {
        let stream = RowStream("COPY t (id) TO stdout;", parts: 1000)
        let pushed = Monitor(0)
        let ahead = try WorkerThread(named: "ahead") {
            for part in 1..<1000 {
                try stream.push(Array("\(part)\n".utf8), in: part)
                stream.end(part)
                pushed.change { $0 += 1 }
            }
        }
        pushed.wait { $0 >= 16 ? () : nil }
        #expect(pushed.wait(atMost: .milliseconds(50)) { $0 > 16 ? () : nil } == nil, "more than there is room for")
        for row in 0..<100 {
            try stream.push(Array("0 \(row)\n".utf8), in: 0)
            #expect(try stream.next() == [Array("0 \(row)\n".utf8)])
        }
        stream.end(0)
        #expect(try all(stream) == (1..<1000).map { "\($0)\n" }.joined() + "\\.\n\n\n")
        try ahead.join()
    }

    @Test func `whoever waits for room goes on when its part is the one that is read`() throws {
        let stream = RowStream("COPY t (id) TO stdout;", parts: 40)
        let full = Monitor(0)
        // Parts 2, 3 and on fill the room; part 1 has to wait until part 0 has been read.
        let others = try WorkerThread(named: "others") {
            for part in 2..<40 {
                try stream.push([0x0A], in: part)
                stream.end(part)
                full.change { $0 += 1 }
            }
        }
        full.wait { $0 >= 16 ? () : nil }
        let next = try WorkerThread(named: "next") {
            try stream.push([0x0A], in: 1)
            stream.end(1)
        }
        try stream.push([0x0A], in: 0)
        #expect(try stream.next() == [[0x0A]])
        let end = try WorkerThread(named: "end") { stream.end(0) }
        #expect(try all(stream) == String(repeating: "\n", count: 39) + "\\.\n\n\n")
        for thread in [others, next, end] { try thread.join() }
    }

    @Test func `a failure wakes whoever reads and whoever pushes`() throws {
        let stream = RowStream("COPY t (id) TO stdout;", parts: 2)
        let reading = try WorkerThread(named: "reading") { _ = try stream.next() }
        let pushing = try WorkerThread(named: "pushing") { while true { try stream.push([0x0A], in: 1) } }
        stream.fail(Cancelled())
        #expect(throws: Cancelled.self) { try reading.join() }
        #expect(throws: Cancelled.self) { try pushing.join() }
        #expect(!stream.isWhole)
    }

    @Test func `rows of a file are counted without its end`() throws {
        let folder = try TemporaryDirectory()
        try AtomicFile.write(Array("a\tb\n\\\\.\n\n\n\n\\.\n\n\n".utf8), to: folder.file("3434.dat"))
        try AtomicFile.write(Array("\\.\n\n\n".utf8), to: folder.file("35.dat"))
        try AtomicFile.write(Array("not rows\n".utf8), to: folder.file("toc.dat"))
        let counts = try DumpRows.count(in: folder.path, JobControl())
        #expect(counts.mapValues(\.count) == ["3434.dat": 5, "35.dat": 0] && counts["3434.dat"]?.bytes == 11)
    }
}

@Suite struct RowTapTests {
    @Test(.timeLimit(.minutes(1))) func `why a client could not be served is known when its connection ends`() throws {
        let home = try TemporaryDirectory()
        let folder = try home.folder("tap")
        let server = RowTap.Server(
            store: "catalog", folder: home.file("none"), socket: ".s.PGSQL.1", user: "postgres", database: "acme", divisions: [:],
            sessions: 1)
        let tap = try RowTap(of: server, in: folder) { _ in }
        defer { tap.close() }
        let client = try LocalSocket(server.socket, in: folder)
        var byte: UInt8 = 0
        #expect(try withUnsafeMutableBytes(of: &byte) { try client.receive(into: $0) } == 0)
        let failure = Failure(describing: try #require(tap.problem))
        #expect(failure.code == .store && failure.message.contains("store catalog") && failure.cause?.isEmpty == false, "\(failure)")
    }
}
