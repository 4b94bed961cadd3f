import HostIO
import Model
import TestSupport
import Testing

@testable import WebHDFS

private let standby = ScriptedServer.Answer.exception(
    "StandbyException", "Operation category READ is not supported in state standby. Visit https://s.apache.org/sbnn-error")
private let status = ScriptedServer.Answer(200, "{\"FileStatus\":{\"type\":\"DIRECTORY\",\"permission\":\"755\"}}")

@Suite(.timeLimit(.minutes(3))) struct NameNodeTests {
    private func node(_ server: ScriptedServer) -> HDFSAddress.NameNode {
        HDFSAddress.NameNode(host: "127.0.0.1", port: UInt16(server.port))
    }

    /// A port on which nothing listens.
    private func deadNode() throws -> HDFSAddress.NameNode {
        HDFSAddress.NameNode(host: "127.0.0.1", port: UInt16(try ScriptedServer { _, _ in nil }.port))
    }

    @Test func theOneThatLivesAndIsActiveIsFoundAndRemembered() throws {
        let server = try HDFSServer.shared
        let passive = try ScriptedServer { _, _ in standby }
        let nodes = [try deadNode(), node(passive), server.address().nameNodes[0]]
        let client = try HDFSClient(HDFSAddress(nameNodes: nodes), HDFSOptions(user: Host.current().user), clock: ManualClock())
        let path = try #require(HDFSPath(server.folder()))
        try client.makeDirectories(path)
        let file = try #require(path.appending(relative: "file"))
        try client.publish(file, bytes: [1, 2])
        #expect(try client.bytes(of: file) == [1, 2])
        // The others were asked once.
        #expect(passive.requests.count == 1)
    }

    @Test func aStandbyIsNotAskedForDataNodes() throws {
        let server = try HDFSServer.shared
        let none = ScriptedServer.Answer.exception(
            "IOException", "Failed to find datanode, suggest to check cluster health. excludeDatanodes=null")
        let passive = try ScriptedServer { line, _ in line.contains("op=CREATE") ? none : standby }
        let address = HDFSAddress(nameNodes: [node(passive)] + server.address().nameNodes)
        let client = try HDFSClient(address, HDFSOptions(user: Host.current().user), clock: ManualClock())
        let path = try #require(HDFSPath(server.folder() + "/file"))
        try client.publish(path, bytes: [1, 2])
        #expect(try client.bytes(of: path) == [1, 2])
        #expect(!passive.requests.contains { $0.contains("op=CREATE") })
    }

    @Test func aStandbyThatBecomesActiveIsWaitedFor() throws {
        // Above the ports that are given by themselves.
        let port = Int.random(in: 3110..<3270) * 10
        var settings = [
            "dfs.nameservices=ns", "dfs.ha.namenodes.ns=nn1,nn2", "dfs.ha.namenode.id=nn1",
            "dfs.client.failover.proxy.provider.ns=org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider",
        ]
        for (name, offset) in [("nn1", 0), ("nn2", 4)] {
            settings.append("dfs.namenode.http-address.ns.\(name)=127.0.0.1:\(port + offset)")
            settings.append("dfs.namenode.rpc-address.ns.\(name)=127.0.0.1:\(port + offset + 1)")
        }
        let edits = try TemporaryDirectory()
        let started = Monitor<(directory: String?, server: HDFSServer?)>((nil, nil))
        let all = settings + ["dfs.namenode.shared.edits.dir=file://\(edits.path)/shared", "dfs.ha.fencing.methods=shell(/bin/true)"]
        // It returns when the file system serves, which it does once it is active.
        let starting = try WorkerThread(named: "starting") {
            let server = try HDFSServer(dataNodes: 1, port: port, settings: all) { configuration in
                started.change { $0.directory = Path.parent(configuration) }
            }
            started.change { $0.server = server }
        }
        let address = HDFSAddress(nameNodes: [HDFSAddress.NameNode(host: "127.0.0.1", port: UInt16(port))])
        let user = HDFSOptions.Identity.user(Host.current().user)
        let impatient = try HDFSClient(address, HDFSOptions(user, patience: .zero), clock: SystemClock())
        var seen: HDFSError?
        while seen?.kind != .standby {
            do throws(HDFSError) { _ = try impatient.status(of: .root) } catch { seen = error }
        }
        #expect(seen?.exception == "StandbyException")
        // Active, it is in safe mode until its DataNode has reported.
        let patient = try HDFSClient(
            address, HDFSOptions(user, patience: .seconds(60), safeModePatience: .seconds(60)), clock: SystemClock())
        let path = try #require(HDFSPath("/dir/file"))
        let making = try WorkerThread(named: "making") { try patient.makeDirectories(path.parent) }
        try HDFSServer.highAvailability(#require(started.read { $0.directory }), "-transitionToActive", "--forceactive", "nn1")
        try making.join()
        try starting.join()
        try patient.publish(path, bytes: [1, 2])
        #expect(try patient.bytes(of: path) == [1, 2])
        started.change { $0.server = nil }
    }

    @Test func aStandbyAloneIsToldWithWhatToWrite() throws {
        let passive = try ScriptedServer { _, _ in standby }
        let error = try #require(expect(.standby) { try client(of: [passive]).status(of: .root) })
        #expect(error.exception == "StandbyException" && error.failure.hint?.contains("hdfs://NN1:9870,NN2:9870/") == true)
        #expect(passive.requests.count > 2)
    }

    @Test func ofSeveralThatDoNotHelpEachIsTold() throws {
        let passive = try ScriptedServer { _, _ in standby }
        let dead = try deadNode()
        let address = HDFSAddress(nameNodes: [dead, node(passive)])
        let client = try HDFSClient(address, HDFSOptions(.user("x"), patience: .zero), clock: ManualClock())
        let error = try #require(expect(.standby) { try client.status(of: .root) })
        #expect(error.detail?.contains("\(dead): no answer (Connection refused)") == true, "\(error.detail ?? "")")
        #expect(error.detail?.contains("127.0.0.1:\(passive.port): no NameNode is active") == true)
    }

    @Test func noNameNodeAtAllIsUnreachable() throws {
        let client = try HDFSClient(
            HDFSAddress(nameNodes: [try deadNode()]), HDFSOptions(.user("x"), patience: .zero), clock: ManualClock())
        let error = try #require(expect(.unreachable) { try client.status(of: .root) })
        #expect(error.detail == "Connection refused" && error.failure.hint?.contains("9870") == true)
        let nowhere = HDFSAddress(nameNodes: [HDFSAddress.NameNode(host: "nameservice.invalid", port: 9870)])
        let unknown = try HDFSClient(nowhere, HDFSOptions(.user("x"), patience: .zero), clock: ManualClock())
        let noHost = try #require(expect(.unreachable) { try unknown.status(of: .root) })
        #expect(noHost.detail == "there is no host nameservice.invalid", "\(noHost)")
    }

    @Test func oneThatIsStartingIsWaitedFor() throws {
        let starting = ScriptedServer.Answer.exception("RetriableException", "Namenode is in startup mode")
        let server = try ScriptedServer { _, before in before < 3 ? starting : status }
        let clock = ManualClock()
        let begun = clock.monotonicNanoseconds()
        #expect(try client(of: [server], clock: clock).status(of: .root)?.kind == .directory)
        #expect(server.requests.count == 4 && clock.monotonicNanoseconds() - begun == 700_000_000)
        let never = try ScriptedServer { _, _ in starting }
        expect(.busy) { try client(of: [never]).status(of: .root) }
    }

    @Test func anAnswerThatIsLostIsAskedForAgainOnlyWhenThatDoesNoHarm() throws {
        let server = try ScriptedServer { _, before in before == 0 ? nil : status }
        #expect(try client(of: [server]).status(of: .root) != nil)
        #expect(server.requests.count == 2)
        let silent = try ScriptedServer { _, _ in nil }
        let error = expect(.uncertain) { try client(of: [silent]).createSnapshot(of: .root, named: "s") }
        #expect(silent.requests.count == 1 && error?.failure.message.contains("may have been done") == true)
    }

    @Test func aNameNodeThatSaysNothingIsGivenUp() throws {
        let gate = Event()
        let server = try ScriptedServer { _, _ in
            gate.wait()
            return nil
        }
        defer { gate.set() }
        let options = HDFSOptions(.user("x"), answerTimeout: .milliseconds(300), patience: .zero)
        let error = expect(.unreachable) { try client(of: [server], options).status(of: .root) }
        #expect(error?.detail == "no answer in time")
    }

    @Test func safeModeIsAnErrorOfItsOwnOrIsWaitedFor() throws {
        let server = try HDFSServer(dataNodes: 1)
        let place = try Place(server)
        try server.admin("-safemode", "enter")
        let error = try #require(expect(.safeMode) { try place.client.makeDirectories(place.at("dir")) })
        #expect(error.failure.hint?.contains("-safemode") == true)
        expect(.safeMode) { try place.put("file", [1]) }
        expect(.safeMode) { try place.client.createSnapshot(of: place.path, named: "s") }
        // Reading goes on.
        #expect(try place.client.entries(of: place.path).isEmpty)
        var options = HDFSOptions(user: Host.current().user)
        options.safeModePatience = .seconds(60)
        let patient = try server.client(options)
        let writer = try WorkerThread(named: "patient") { try patient.publish(place.at("file"), bytes: [1, 2]) }
        try server.admin("-safemode", "leave")
        try writer.join()
        #expect(try place.bytes("file") == [1, 2])
    }

    @Test func aNameNodeThatComesBackIsFoundAgain() throws {
        let server = try HDFSServer(dataNodes: 1)
        var options = HDFSOptions(user: Host.current().user)
        options.patience = .seconds(90)
        // It has to have left its own safe mode, which it enters at its start.
        options.safeModePatience = .seconds(60)
        let client = try server.client(options)
        let path = try #require(HDFSPath("/file"))
        try client.publish(path, bytes: [1])
        try server.killNameNode()
        options.patience = .zero
        expect(.unreachable) { try server.client(options).status(of: path) }
        let reader = try WorkerThread(named: "reader") {
            #expect(try client.status(of: path)?.length == 1)
            try client.publish(path, HDFSFileOptions(replacing: .always), bytes: [2])
        }
        try server.start()
        try reader.join()
        #expect(try client.bytes(of: path) == [2])
    }
}
