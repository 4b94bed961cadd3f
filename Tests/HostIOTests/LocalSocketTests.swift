import Glibc
@testable import HostIO
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct LocalSocketTests {
    private func text(_ socket: LocalSocket) throws -> String {
        try withUnsafeTemporaryAllocation(byteCount: 100, alignment: 1) { room in
            let count = try socket.receive(into: room)
            return String(decoding: room[..<count], as: UTF8.self)
        }
    }

    private func send(_ text: String, _ socket: LocalSocket) throws { try Array(text.utf8).withUnsafeBytes { try socket.send($0) } }

    @Test func `two sides speak through a directory with a long path, and each sees the other's end`() throws {
        let home = try TemporaryDirectory()
        let folder = try home.folder(String(repeating: "long/", count: 40))
        let listener = try LocalListener("door", in: folder)
        let one = try LocalSocket("door", in: folder)
        let accepted = try listener.accept()
        let other = try #require(accepted)
        try send("hello", one)
        let ready = try LocalSocket.wait(one, other)
        #expect(!ready.first && ready.second)
        #expect(try text(other) == "hello")
        try send("good day", other)
        #expect(try text(one) == "good day")
        one.shutDown()
        #expect(try text(other) == "")
        #expect(try LocalSocket.wait(one, other).second)
        let failure = #expect(throws: SystemError.self) { try send("still there?", other) }
        #expect(failure?.errno == EPIPE)
    }

    @Test func `whoever waits for the next one is told that there will be none`() throws {
        let home = try TemporaryDirectory()
        let listener = try LocalListener("door", in: home.path)
        let asked = Event()
        let thread = try WorkerThread(named: "door") {
            asked.set()
            while try listener.accept() != nil {}
        }
        asked.wait()
        listener.close()
        try thread.join()
    }

    @Test func `a name that is taken, and one where nobody listens, are errors`() throws {
        let home = try TemporaryDirectory()
        let listener = try LocalListener("door", in: home.path)
        #expect(throws: SystemError.self) { try LocalListener("door", in: home.path) }
        listener.close()
        #expect(throws: SystemError.self) { try LocalSocket("window", in: home.path) }
        #expect(throws: SystemError.self) { try LocalSocket(String(repeating: "x", count: 100), in: home.path) }
    }
}
