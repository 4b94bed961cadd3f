import HostIO
import Model
import Synchronization

/// What was begun through the interface, in this run of the service.
final class APITasks: Sendable {
    /// At once; more are refused.
    static let mostRunning = 16
    /// Ended ones that are remembered.
    static let mostKept = 200

    private let host: Host
    private let known = Mutex<[APITask]>([])

    init(host: Host) { self.host = host }

    /// Oldest first.
    var all: [APITask] { known.withLock { $0 } }

    func task(_ id: String) throws -> APITask {
        guard id.utf8.count == 16, id.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
            throw APIRefusal.bad("task is not what it may be", hint: "it is 16 hex digits")
        }
        if let task = all.first(where: { $0.id == id }) { return task }
        throw Failure(
            .notFound, "there is no such task", hint: "a service that was started anew knows none; GET /v1/jobs shows what was done")
    }

    func begin(_ operation: String, _ caller: JobCaller, _ body: @escaping @Sendable () -> APIOutcome) throws -> APITask {
        guard all.count(where: { !$0.isOver }) < Self.mostRunning else {
            var refusal = APIRefusal(
                Failure(.locked, "\(Self.mostRunning) tasks run already", hint: "wait for one of them to end"), status: 429)
            refusal.headers = [("Retry-After", "5")]
            throw refusal
        }
        let task = try APITask(operation, caller, host, body)
        known.withLock { known in
            known.append(task)
            let ended = known.filter(\.isOver)
            if ended.count > Self.mostKept {
                let gone = Set(ended.prefix(ended.count - Self.mostKept).map(\.id))
                known.removeAll { gone.contains($0.id) }
            }
        }
        return task
    }
}

/// One of them.
final class APITask: Sendable {
    let id: String
    private let operation: String
    private let caller: JobCaller
    private let began: Timestamp
    private let outcome = Monitor<(outcome: APIOutcome, ended: Timestamp)?>(nil)

    init(_ operation: String, _ caller: JobCaller, _ host: Host, _ body: @escaping @Sendable () -> APIOutcome) throws {
        id = host.randomHex(bytes: 8)
        self.operation = operation
        self.caller = caller
        began = host.clock.now()
        let outcome = outcome
        // The thread ends by itself; what it makes is waited for through the outcome.
        _ = try WorkerThread(named: "task") {
            let made = body()
            outcome.change { $0 = (made, host.clock.now()) }
        }
    }

    var isOver: Bool { outcome.read { $0 != nil } }

    func wait(atMost patience: Duration) -> APIOutcome? { outcome.wait(atMost: patience) { $0?.outcome } }

    func waitForEnd() { outcome.wait { $0 == nil ? nil : () } }

    var json: JSONValue {
        let end = outcome.read { $0 }
        let state = end.map { $0.outcome.status == 200 ? "done" : "failed" } ?? "running"
        return [
            "id": .text(id), "operation": .text(operation), "state": .text(state), "began": .text(began.text),
            "caller": CallerResult.json(caller),
            "ended": end.map { .text($0.ended.text) } ?? .null, "status": end.map { .integer(Int64($0.outcome.status)) } ?? .null,
            "answer": end?.outcome.answer ?? .null,
        ]
    }
}
