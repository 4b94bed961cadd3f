import Glibc
import HostIO
import Model
@testable import PostgresStore
import TestSupport
import Testing

/// A server of our own that is killed while it is used.
@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(2))) struct ScratchServerTests {
    private let home: TemporaryDirectory
    private let programs = ServerPrograms(folder: "/usr/lib/postgresql/15/bin")

    init() throws { home = try TemporaryDirectory() }

    private func makeServer() throws -> ScratchServer {
        try ScratchServer(emptyFor: "catalog", programs, in: home.path, host: .forTests(), job: JobControl())
    }

    private func end(_ server: ScratchServer) throws {
        server.process.send(SIGKILL)
        while (try? PostgresConnection(server.connection)) != nil { sched_yield() }
    }

    @Test func `whoever connects through a tap to a server that has ended is told of the store, not of the storage`() throws {
        let server = try makeServer()
        let tap = try server.tap("template1", [:], in: home.file("rows")) { _ in }
        defer { tap.close() }
        try end(server)
        let client = try LocalSocket(".s.PGSQL.5432", in: tap.folder)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 1)
        defer { room.deallocate() }
        #expect((try? client.receive(into: room)) ?? 0 == 0, "the client sees the end")
        let problem = Failure(describing: try #require(tap.problem))
        #expect(problem.code == .store && problem.message.contains("store catalog"), "\(problem)")
        #expect(problem.hint?.contains("dmesg") != true, "\(problem)")
    }

    @Test func `whatever goes wrong with a server that was killed is told by how it ended, and nothing else is`() throws {
        let server = try makeServer()
        let wrong = Failure(.store, "pg_dump failed", cause: "the connection was lost")
        #expect(Failure(describing: server.explained(wrong)) == wrong, "it serves")
        let full = Failure(.space, "no room")
        try end(server)
        let told = Failure(describing: server.explained(wrong))
        #expect(told.code == .store && told.message.contains("store catalog") && told.message.contains("signal 9"), "\(told)")
        #expect(told.cause != nil && Failure(describing: server.explained(server.explained(wrong))) == told)
        #expect(Failure(describing: server.explained(full)) == full)
        #expect(server.explained(Cancelled()) is Cancelled)
    }

    @Test func `what runs in it keeps nobody from being cancelled`() throws {
        let job = JobControl()
        let server = try ScratchServer(emptyFor: "catalog", programs, in: home.path, host: .forTests(), job: job)
        let clock = SystemClock()
        let answer = Monitor<Result<Void, any Error>?>(nil)
        let thread = try WorkerThread(named: "deaf") {
            let outcome = Result {
                let session = try PostgresConnection(server.connection)
                defer { session.close() }
                try session.execute(
                    "CREATE TABLE public.probe(line text); COPY public.probe FROM PROGRAM 'trap \"\" TERM HUP INT; sleep 5000'")
            }
            answer.change { $0 = outcome }
        }
        #expect(answer.wait(atMost: .milliseconds(500), until: { $0 }) == nil, "it waits for the program")
        let start = clock.monotonicNanoseconds()
        job.cancel()
        let outcome = try #require(answer.wait(atMost: .seconds(20), until: { $0 }))
        #expect(clock.monotonicNanoseconds() &- start < 10_000_000_000)
        let error = #expect(throws: (any Error).self) { try outcome.get() }
        #expect(error.map { server.explained($0) is Cancelled } == true)
        try thread.join()
    }

    @Test func `a server that was killed before it served says nothing about the image`() throws {
        let place = try ScratchPlace(in: home.file("other"), programs, Containment.possible)
        let data = try ScratchData(emptyAt: place, store: "catalog")
        let killed = try ChildProcess.shell("kill -9 $$").run()
        #expect(data.failure("did not start", killed).code == .store)
        let broken = try ChildProcess.shell("echo FATAL: broken >&2; exit 1").run()
        let told = data.failure("did not start", broken)
        #expect(told.code == .damaged && told.cause == "FATAL: broken")
    }
}
