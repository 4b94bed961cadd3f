import ArgumentParser
import Clusters
import HostIO
import Model
import WebServer

/// Answers requests: each is a command of the command line, run in this process.
final class APIService: Sendable {
    private let host: Host
    private let drivers: Drivers
    private let clusterFile: String
    private let job: JobControl
    private let gate: APIGate
    private let tasks: APITasks

    /// `clusterFile`: absolute. `job` stops what is under way.
    init(host: Host, drivers: Drivers, clusterFile: String, job: JobControl, gate: APIGate) {
        self.host = host
        self.drivers = drivers
        self.clusterFile = clusterFile
        self.job = job
        self.gate = gate
        tasks = APITasks(host: host)
    }

    func answer(_ request: WebRequest) -> WebResponse {
        do {
            try gate.checkForm(of: request)
            let (path, query) = try APITarget.parse(request.target)
            if let answer = try open(request, path) { return answer }
            return try known(request, path, query, try gate.caller(of: request))
        } catch let refusal as APIRefusal {
            return refusal.response
        } catch {
            return APIRefusal(Failure(describing: error)).response
        }
    }

    /// Waits for the tasks that are under way, which a cancelled job gives up.
    func end() { for task in tasks.all { task.waitForEnd() } }

    /// What needs no token.
    private func open(_ request: WebRequest, _ path: [String]) throws -> WebResponse? {
        switch path {
        case ["healthz"]: return try get(request) { .json(["status": "ok"]) }
        case ["openapi.json"]: return try get(request) { .json(OpenAPIDocument.value) }
        case ["readyz"]:
            return try get(request) {
                let facts = try load().health()
                if let trouble = facts.troubles["storage"] { throw Failure(.storage, trouble) }
                return .json(["status": "ready"])
            }
        default: return nil
        }
    }

    private func known(_ request: WebRequest, _ path: [String], _ query: [String: String], _ caller: JobCaller) throws -> WebResponse {
        switch path {
        case ["metrics"]:
            return try get(request) {
                WebResponse(200, Array(MetricsText.text(try load().health()).utf8), type: "text/plain; version=0.0.4; charset=utf-8")
            }
        case ["v1", "tasks"]: return try get(request) { .json(["tasks": .list(tasks.all.map(\.json))]) }
        case _ where path.count == 3 && path.starts(with: ["v1", "tasks"]):
            return try get(request) { .json(["task": try tasks.task(path[2]).json]) }
        default: return try run(request, path, query, caller)
        }
    }

    private func get(_ request: WebRequest, _ body: () throws -> WebResponse) throws -> WebResponse {
        guard request.method == "GET" else { throw APIRefusal.method(["GET"]) }
        return try body()
    }

    private func run(_ request: WebRequest, _ path: [String], _ query: [String: String], _ caller: JobCaller) throws -> WebResponse {
        let here = APIOperations.all.compactMap { operation in operation.match(path).map { (operation, $0) } }
        guard !here.isEmpty else {
            throw APIRefusal(Failure(.notFound, "there is nothing at this address", hint: "GET /openapi.json says what there is"))
        }
        guard let (operation, parameters) = here.first(where: { $0.0.method.rawValue == request.method }) else {
            throw APIRefusal.method(here.map { $0.0.method.rawValue })
        }
        let values = try APIValues.read(operation, parameters, query, request)
        let arguments = operation.arguments(values, clusterFile: clusterFile)
        guard operation.acts else { return execute(arguments, JobControl(following: job)).response }
        let patience = values[APIOperation.waitName]?.first.flatMap { Int64($0) } ?? 30
        let own = JobControl(following: job, cause: "HTTP", caller: caller)
        let task = try tasks.begin(operation.id, caller) { self.execute(arguments, own) }
        if let outcome = task.wait(atMost: .seconds(patience)) { return outcome.response }
        var response = WebResponse.json(["task": task.json], 202)
        response.headers.append(("Location", "/v1/tasks/\(task.id)"))
        return response
    }

    private func load() throws -> Cluster {
        try Cluster.load(clusterFile, host: host, drivers: drivers, program: Program.text)
    }

    private func execute(_ arguments: [String], _ job: JobControl) -> APIOutcome {
        let lines = CapturedLines()
        let run = CommandLineRun(
            host: host, drivers: drivers, workingDirectory: "/", job: job, console: { _ in lines.console })
        let status = run.run(arguments)
        return APIOutcome(lines.text, exitStatus: status)
    }
}

extension WebResponse {
    static func json(_ value: JSONValue, _ status: Int = 200) -> WebResponse {
        WebResponse(status, value.bytes, type: "application/json")
    }
}

/// A request that is not done.
struct APIRefusal: Error {
    var status: Int
    var failure: Failure
    var headers: [(name: String, value: String)] = []

    init(_ failure: Failure, status: Int? = nil) {
        self.failure = failure
        self.status = status ?? APIStatus.of(failure.code)
    }

    static func bad(_ message: String, hint: String? = nil) -> APIRefusal { APIRefusal(Failure(.usage, message, hint: hint), status: 400) }

    static func method(_ allowed: [String]) -> APIRefusal {
        var refusal = APIRefusal(Failure(.usage, "this address has \(allowed.joined(separator: ", ")) only"), status: 405)
        refusal.headers = [("Allow", allowed.joined(separator: ", "))]
        return refusal
    }

    var response: WebResponse {
        var error: [String: JSONValue] = ["code": .text(failure.code.rawValue), "message": .text(failure.message)]
        error["hint"] = failure.hint.map { .text($0) }
        error["cause"] = failure.cause.map { .text($0) }
        var response = WebResponse.json(["error": .object(error)], status)
        response.headers += headers
        return response
    }
}
