import HostIO
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
