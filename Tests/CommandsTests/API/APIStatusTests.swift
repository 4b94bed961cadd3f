import Clusters
import HostIO
import Model
import TestSupport
import Testing
import WebServer
import Wiring

@testable import Commands

/// What failures of commands are over HTTP.
@Suite struct APIStatusTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory.inMemory() }

    private func write(_ name: String) throws -> String {
        let text = """
            cluster: \(name)
            release: "1"
            state: \(name)-state
            storage: \(name)-storage
            password-file: \(name)-password
            stores: [{name: uploads, kind: directory, role: content, path: uploads}]
            """
        try AtomicFile.write(Array(text.utf8), to: folder.file("\(name).yaml"))
        return folder.file("\(name).yaml")
    }

    private func run(_ arguments: [String]) -> Int32 {
        let console = CapturedConsole()
        return CommandLineRun(
            host: .current(), drivers: .real(JobControl()), workingDirectory: folder.path, job: JobControl(),
            console: { console.console($0 ? .json : .plain, canAnswer: false) }
        ).run(arguments)
    }

    @Test func `a place that holds a repository of another password is a conflict, not a defect of the server`() throws {
        try makeDirectories(folder.file("uploads"))
        let (own, other) = (try write("own"), try write("other"))
        for file in [own, other] { #expect(run(["cluster", "init", "-c", file]) == 0) }
        #expect(run(["target", "add", "theirs", folder.file("place"), "-c", other]) == 0)
        let service = APIService(
            host: .current(), drivers: .real(JobControl()), clusterFile: own, job: JobControl(),
            gate: APIGate(APIToken([AccessToken(name: "1", text: "secret-of-the-test")]), at: .socket("/x"), ownName: "n1", names: []))
        let body = #"{"name": "mine", "path": "\#(folder.file("place"))"}"#
        let answer = service.answer(
            WebRequest(
                method: "POST", target: "/v1/targets",
                headers: ["authorization": "Bearer secret-of-the-test", "content-type": "application/json"], body: Array(body.utf8)))
        #expect(answer.status == 409, "\(String(decoding: answer.body, as: UTF8.self))")
        #expect(String(decoding: answer.body, as: UTF8.self).contains(#""code":"password""#))
    }

    @Test func `every failure has a status that the description knows`() {
        let codes = FailureCode.allCases.map(APIStatus.of)
        #expect(codes.allSatisfy { [400, 404, 409, 500, 503, 507].contains($0) })
        #expect(APIStatus.of(.internal) == 500 && APIStatus.of(.notFound) == 404)
    }
}
