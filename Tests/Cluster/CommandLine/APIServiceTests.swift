import Foundation
import Glibc
import HostIO
import TestSupport
import Testing

/// The HTTP interface of the real service.
@Suite(.timeLimit(.minutes(10))) struct APIServiceTests {
    private let cluster: SampleCluster

    init() throws {
        cluster = try SampleCluster(.init(more: "targets: [{name: nas, path: nas}]"))
        try cluster.succeed("cluster", "init")
        try cluster.succeed("snapshot", "policy", "update", "--every", "1d")
    }

    private func serve() throws -> RunningService {
        let service = try RunningService(cluster)
        try service.event("listening")
        return service
    }

    @Test func `what the commands do is done over HTTP, with the same JSON, and fits the description`() throws {
        let service = try serve()
        let client = try APIClient(cluster)
        let document = try OpenAPICheck(client.succeed("GET", "/openapi.json"))
        func ask(_ id: String, _ method: String, _ path: String, _ body: [String: Any]? = nil) throws -> [String: Any] {
            let answer = try client.ask(method, path, body)
            #expect(answer.status == 200, "\(id): \(answer.text)")
            let value = try answer.json()
            document.expect(value, fits: id, status: answer.status)
            return value
        }
        let made = try ask("createSnapshot", "POST", "/v1/snapshots", ["name": "one", "reason": "over HTTP", "ttl": "7d"])
        let shown = try cluster.succeed("snapshot", "show", "one", "--json").json("snapshot")
        #expect((made["snapshot"] as? [String: Any])?["id"] as? String == shown["id"] as? String)
        #expect(try ask("getSnapshot", "GET", "/v1/snapshots/one")["snapshot"] as? NSDictionary == shown as NSDictionary)
        try cluster.put([1, 2, 3], at: "uploads/new")
        let plan = try ask("restoreSnapshot", "POST", "/v1/snapshots/one/restore", [:])
        #expect(plan["plan"] != nil && plan["restore"] == nil)
        #expect(try AtomicFile.readIfPresent(cluster.root + "/uploads/new") != nil, "a plan changes nothing")
        let restored = try ask("restoreSnapshot", "POST", "/v1/snapshots/one/restore", ["yes": true, "store": ["uploads"]])
        #expect(restored["plan"] != nil && restored["restore"] != nil)
        #expect(try AtomicFile.readIfPresent(cluster.root + "/uploads/new") == nil)
        _ = try ask("createBackup", "POST", "/v1/targets/nas/backups", ["name": "b", "snapshot": "one"])
        _ = try ask("verifyBackup", "POST", "/v1/targets/nas/backups/b/verify", ["sample": 100])
        _ = try ask("drillBackup", "POST", "/v1/targets/nas/backups/b/drill")
        _ = try ask("analyzeTarget", "POST", "/v1/targets/nas/analyze", ["size": 16])
        _ = try ask(
            "createBackupPolicy", "POST", "/v1/backup-policies",
            ["name": "nightly", "target": "nas", "every": "1d", "keep": "7@1d", "verify": "10%", "drill": "7d"])
        _ = try ask("updateBackupPolicy", "PATCH", "/v1/backup-policies/nightly", ["keep": "14@1d", "yes": true])
        for (id, path) in [
            ("getCluster", "/v1/cluster"), ("getHealth", "/v1/health"), ("listSnapshots", "/v1/snapshots"), ("listTargets", "/v1/targets"),
            ("listAllBackups", "/v1/backups"), ("getBackup", "/v1/targets/nas/backups/b"),
            ("getDrillReport", "/v1/targets/nas/backups/b/report"), ("getAdvice", "/v1/advice"),
            ("listBackupPolicies", "/v1/backup-policies"),
            ("getBackupPolicyStatus", "/v1/backup-policies/nightly/status"), ("getSnapshotPolicy", "/v1/snapshot-policy"),
            ("listJobs", "/v1/jobs?last=5"), ("listTasks", "/v1/tasks"), ("isReady", "/readyz"), ("isAlive", "/healthz"),
        ] { _ = try ask(id, "GET", path) }
        let jobs = try #require(try ask("listJobs", "GET", "/v1/jobs")["jobs"] as? [[String: Any]])
        let job = try #require(jobs.first { $0["command"] as? String == "snapshot create one" })
        #expect(job["cause"] as? String == "HTTP" && job["outcome"] as? String == "done")
        let caller = try #require(job["caller"] as? [String: Any])
        #expect(caller["user"] as? String == Host.current().user && caller["token"] as? String == "1" && caller["address"] is NSNull)
        #expect(try cluster.succeed("jobs", "show", "\(job["number"] ?? 0)").out.contains("HTTP (\(Host.current().user), token 1)"))
        _ = try ask("getJob", "GET", "/v1/jobs/\(try #require(job["number"] as? Int))")
        _ = try ask("simulateBackupPolicy", "POST", "/v1/backup-policies/nightly/simulate", ["keep": "2@1d", "days": 5])
        _ = try ask("compareSnapshots", "GET", "/v1/snapshots/one/diff/one")
        _ = try ask("deleteSnapshot", "DELETE", "/v1/snapshots/one?yes=true")
        #expect(try !cluster.snapshots().contains("one"))
        #expect(service.stop(SIGTERM) == 0)
        #expect(try statusOfPath("\(cluster.root)/state/api.socket") == nil)
    }

    @Test func `who has no token, asks wrongly or asks for what is not there hears it`() throws {
        let service = try serve()
        #expect(try statusOfPath("\(cluster.root)/state/api.token")?.permissions == 0o600)
        #expect(try statusOfPath("\(cluster.root)/state/api.socket")?.permissions == 0o600)
        let client = try APIClient(cluster)
        let right = client.token
        for wrong in [nil, "", "wrong", right.map { $0 + "x" }] {
            client.token = wrong
            let answer = try client.ask("GET", "/v1/snapshots")
            #expect(answer.status == 401 && answer.header("WWW-Authenticate") == "Bearer")
            #expect(try client.ask("GET", "/healthz").status == 200)
        }
        client.token = right
        for (status, method, path, body) in [
            (404, "GET", "/v1/nothing", nil), (404, "GET", "/v1/snapshots/none", nil), (404, "GET", "/v1/tasks/0123456789abcdef", nil),
            (400, "GET", "/v1/tasks/x", nil), (400, "GET", "/v1/snapshots?what=1", nil), (400, "GET", "/v1/jobs/zero", nil),
            (400, "POST", "/v1/snapshots", [:]), (400, "POST", "/v1/snapshots", ["name": "a b"]),
            (400, "POST", "/v1/snapshots", ["name": "a", "more": 1]),
            (409, "PATCH", "/v1/snapshot-policy", ["every": "1h", "offset": "2h"]),
            (409, "POST", "/v1/targets", ["name": "x", "path": cluster.root + "/uploads/in"]),
        ] as [(Int, String, String, [String: Any]?)] {
            let answer = try client.ask(method, path, body)
            #expect(answer.status == status, "\(method) \(path) \(body ?? [:]): \(answer.status) \(answer.text)")
            #expect(try answer.json()["error"] is [String: Any])
        }
        let wrong = try client.ask("PUT", "/v1/snapshots", [:])
        #expect(wrong.status == 405 && wrong.header("Allow") == "GET, POST")
        #expect(try client.ask("POST", "/v1/snapshots", bytes: Array("{".utf8)).status == 400)
        #expect(try client.ask("POST", "/v1/snapshots", bytes: Array("name=a".utf8), type: "text/plain").status == 415)
        #expect(try client.ask("POST", "/v1/snapshots", bytes: [UInt8](repeating: 0x20, count: 2 << 20)).status == 413)
        #expect(try cluster.snapshots().filter { !$0.hasPrefix("periodic") }.isEmpty)
        #expect(service.stop(SIGTERM) == 0)
    }

    @Test func `work that takes long is a task, which goes on and gives its answer later`() throws {
        let go = cluster.folder.file("go")
        #expect(mkfifo(go, 0o600) == 0)
        let service = try serve()
        let client = try APIClient(cluster)
        try cluster.write(
            .init(more: "targets: [{name: nas, path: nas}]\nquiesce: {begin: \"cat \(go)\", end: \"true\", timeout: 100s}"))
        let begun = try client.ask("POST", "/v1/snapshots?waitSeconds=0", ["name": "slow"])
        #expect(begun.status == 202, "\(begun.text)")
        let place = try #require(begun.header("Location"))
        let running = try #require(try client.succeed("GET", place)["task"] as? [String: Any])
        #expect(running["state"] as? String == "running" && running["operation"] as? String == "createSnapshot")
        try Descriptor.open(go, [.write]).write([0x0A])
        var task = running
        while task["state"] as? String == "running" { task = try #require(try client.succeed("GET", place)["task"] as? [String: Any]) }
        #expect(task["state"] as? String == "done" && task["status"] as? Int == 200, "\(task)")
        let answer = try #require(task["answer"] as? [String: Any])
        #expect((answer["snapshot"] as? [String: Any])?["name"] as? String == "slow")
        #expect(service.stop(SIGTERM) == 0)
    }

    @Test func `metrics are what Prometheus reads, and each is documented`() throws {
        let service = try serve()
        try cluster.succeed("snapshot", "create", "one")
        let answer = try APIClient(cluster).ask("GET", "/metrics")
        #expect(answer.status == 200 && answer.header("Content-Type")?.hasPrefix("text/plain; version=0.0.4") == true)
        var names: Set<String> = []
        for line in answer.text.split(separator: "\n") where !line.hasPrefix("#") {
            let match = try #require(try /([a-z_]+)(\{[a-z]+="[^"]*"\})? (-?[0-9.e+-]+)/.wholeMatch(in: line), "\(line)")
            names.insert(String(match.output.1))
        }
        #expect(names.contains("holdfast_snapshot_age_seconds") && names.contains("holdfast_place_free_bytes"))
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../docs/api.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        for name in names { #expect(text.contains("`\(name)`"), "\(name)") }
        #expect(service.stop(SIGTERM) == 0)
    }

    @Test func `with a certificate it speaks TLS on an address, and says no where it could be overheard`() throws {
        func openssl(_ arguments: String) throws {
            let outcome = try ChildProcess(["openssl"] + arguments.split(separator: " ").map(String.init), workingDirectory: cluster.root)
                .run()
            #expect(outcome.succeeded, "\(outcome.errorText)")
        }
        try openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout k.pem -out c.pem")
        try cluster.write(.init(more: "api: {listen: \"0.0.0.0:7443\"}"))
        #expect(try cluster.fail("cluster-file", 3, "cluster", "status").contains("certificate"))
        try cluster.write(.init(more: "api: {listen: \"127.0.0.1:0\", certificate: c.pem, key: k.pem, token-file: token}"))
        let service = try RunningService(cluster)
        let message = try #require(try service.event("listening")["message"] as? String)
        let port = try #require(message.split(separator: ":").last?.prefix { $0.isNumber })
        let token = String(decoding: try AtomicFile.read("\(cluster.root)/token").dropLast(), as: UTF8.self)
        let client = try APIClient("https://localhost:\(port)", token: token, authority: "\(cluster.root)/c.pem")
        #expect(try client.succeed("GET", "/v1/snapshots")["snapshots"] is [Any])
        let plain = try APIClient("http://localhost:\(port)", token: token)
        #expect(throws: (any Error).self) { try plain.ask("GET", "/v1/snapshots") }
        #expect(service.stop(SIGTERM) == 0)
    }
}

/// Whether values are what an OpenAPI document says of them: as much of JSON Schema as that document uses.
private struct OpenAPICheck {
    private let operations: [String: [String: Any]]
    private let components: [String: Any]

    init(_ document: [String: Any]) throws {
        let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
        operations = paths.values.flatMap(\.values).reduce(into: [:]) { $0[$1["operationId"] as? String ?? ""] = $1 }
        components = try #require((document["components"] as? [String: Any])?["schemas"] as? [String: Any])
    }

    func expect(_ value: Any, fits id: String, status: Int) {
        let responses = operations[id]?["responses"] as? [String: [String: Any]]
        let content = responses?["\(status)"]?["content"] as? [String: [String: Any]]
        guard let schema = content?["application/json"]?["schema"] as? [String: Any] else {
            Issue.record("\(id) has no answer \(status)")
            return
        }
        check(value, schema, id)
    }

    private func check(_ value: Any, _ schema: [String: Any], _ place: String) {
        if let reference = schema["$ref"] as? String {
            let component = components[String(reference.split(separator: "/").last ?? "")] as? [String: Any]
            return check(value, component ?? ["type": "missing"], place)
        }
        if let choices = schema["anyOf"] as? [[String: Any]] { return check(value, value is NSNull ? ["type": "null"] : choices[0], place) }
        switch schema["type"] as? String {
        case "object":
            guard let object = value as? [String: Any] else {
                Issue.record("\(place) is no object: \(value)")
                return
            }
            let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
            for key in schema["required"] as? [String] ?? [] where object[key] == nil { Issue.record("\(place).\(key) is missing") }
            for (key, member) in object {
                let known = properties[key] ?? schema["additionalProperties"] as? [String: Any]
                if let known { check(member, known, "\(place).\(key)") } else { Issue.record("\(place).\(key) is not described") }
            }
        case "array":
            guard let list = value as? [Any], let items = schema["items"] as? [String: Any] else {
                Issue.record("\(place): \(value)")
                return
            }
            for item in list { check(item, items, "\(place)[]") }
        case "string": if !(value is String) { Issue.record("\(place) is no string: \(value)") }
        case "integer": if !(value is Int) { Issue.record("\(place) is no integer: \(value)") }
        case "number": if !(value is Double) && !(value is Int) { Issue.record("\(place) is no number: \(value)") }
        case "boolean": if !(value is Bool) { Issue.record("\(place) is no boolean: \(value)") }
        case "null": if !(value is NSNull) { Issue.record("\(place) is not null: \(value)") }
        case nil: break
        case let other?: Issue.record("\(place): \(other)")
        }
    }
}
