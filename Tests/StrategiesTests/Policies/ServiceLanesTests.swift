import Backups
import Clusters
import Glibc
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import Service
import Snapshots
import Standby
import Synchronization
import TestSupport
import Testing

/// Whatever takes its time in a service keeps nothing else waiting: each test holds one thing up until the others were seen to go on.
@Suite(.timeLimit(.minutes(5))) struct ServiceLanesTests {
    private let place: TemporaryDirectory
    private let told = Monitor<[ServiceEvent]>([])
    private let watcher: ScriptedServer
    private let seen = Monitor<[String]>([])

    init() throws {
        place = try TemporaryDirectory.inMemory()
        watcher = try ScriptedServer { _, _ in ScriptedServer.Answer(200) }
    }

    private var alerts: String { "alerts: {heartbeat: \"http://127.0.0.1:\(watcher.port)/beat\"}" }

    /// Calls `held` once, before the first pack is written below `path`.
    private func load(_ file: String, holding path: String, _ held: @escaping @Sendable () -> Void) throws -> Cluster {
        let first = FirstCall()
        let drivers = Drivers(
            adapter: Drivers.real.adapter,
            place: { place, _, _ in
                DirectoryPlace(place) { _ in
                    guard place == path else { return DirectoryStorage(place) }
                    return WatchedStorage(
                        DirectoryStorage(place),
                        before: { if $0.object.hasPrefix("data/"), $0.kind == .write, first.isNow() { held() } })
                }
            }, keyCost: .quick)
        return try Cluster.load(file, host: .current(), drivers: drivers, program: "holdfast test")
    }

    /// Serves until `isEnough` says so of something that is told.
    private func serve(_ cluster: Cluster, _ job: JobControl = JobControl(), until isEnough: @escaping @Sendable (ServiceEvent) -> Bool)
        throws
    {
        var options = PolicyService.Options()
        (options.glance, options.slice, options.watch) = (.milliseconds(100), .milliseconds(20), .milliseconds(100))
        options.watchPatience = .milliseconds(400)
        let told = told
        let service = PolicyService(
            host: .current(), options: options, job: job, load: { cluster },
            tell: { event in
                told.change { $0.append(event) }
                if isEnough(event) { job.cancel() }
            })
        try service.run()
    }

    /// What has happened within a minute is noted as seen.
    private var look: Look { Look(told: told, watcher: watcher, seen: seen) }

    private struct Look: Sendable {
        let told: Monitor<[ServiceEvent]>
        let watcher: ScriptedServer
        let seen: Monitor<[String]>

        func wait(for name: String, _ isIt: @escaping @Sendable (ServiceEvent) -> Bool) {
            if told.wait(atMost: .seconds(60), until: { $0.contains(where: isIt) ? true : nil }) == true { seen.change { $0.append(name) } }
        }

        func waitForHeartbeats() {
            if watcher.waitForRequests(watcher.requests.count + 2, atMost: .seconds(60)) { seen.change { $0.append("heartbeats") } }
        }
    }

    @Test func `a snapshot that takes its time stops neither heartbeats, nor the look at the epochs, nor alerts`() throws {
        let small = try SmallCluster(in: place.path)
        try small.writeFile("holdfast.yaml", more: "\(alerts)\nstandby: {lease: 600ms, on-suspended: \"true\"}")
        _ = try small.load().initialize()
        _ = try Backups(small.load()).addTarget("nas", path: small.target)
        _ = try Snapshots(small.load()).setPolicy(PolicyChange(every: "1s", keep: "3@1s"))
        let (look, root) = (look, place.path)
        let cluster = try load(small.path, holding: small.storage) {
            look.waitForHeartbeats()
            let folder = try? small.load().epochs(in: small.target)
            try? folder?.register(StandbyNotice(member: "s".asInstallation, host: "elsewhere", since: SystemClock().now()))
            look.wait(for: "epoch") { $0.event == .standing && $0.message.contains("owns the cluster with epoch 1") }
            let names = ["nas", "away"].map { Array($0.utf8) }
            try? Descriptor.openDirectory(root).rename(names[0], to: names[1])
            look.wait(for: "alert") { $0.event == .alert && $0.message.contains("target nas") }
            try? Descriptor.openDirectory(root).rename(names[1], to: names[0])
        }
        try serve(cluster) { $0.event == .finished }
        #expect(seen.read { $0 } == ["heartbeats", "epoch", "alert"], "\(told.read { $0 })")
        #expect(try Snapshots(small.load()).list().snapshots.count >= 1)
    }

    @Test func `a sync that takes its time stops neither heartbeats nor alerts`() throws {
        let sites = try StandbySites(in: place.path)
        try sites.backup("first")
        try sites.writeStandby("b", "lease: 600ms}\n\(alerts)\nquiesce: {begin: \"true\", end: \"true\"")
        try sites.start("b")
        try sites.small.write("changed", to: "uploads/sub/file0")
        try sites.backup("second")
        let look = look
        let root = place.path
        let cluster = try load("\(root)/b.yaml", holding: "\(root)/b-storage") {
            look.waitForHeartbeats()
            let site = try? SmallCluster(at: root).load("b.yaml")
            guard let state = site?.state, var record = try? state.standby() else { return }
            record.lastFailure = "something odd"
            try? state.save(record)
            look.wait(for: "alert") { $0.event == .alert && $0.message.contains("something odd") }
        }
        try serve(cluster) { $0.event == .standing && $0.message.contains("standby at second") }
        #expect(seen.read { $0 } == ["heartbeats", "alert"], "\(told.read { $0 })")
        #expect(try sites.content("b") == sites.content("srv"))
    }

    @Test func `a look that does not come back ends the heartbeat, which goes on when it has`() throws {
        let small = try SmallCluster(in: place.path)
        let (begun, go) = (place.file("begun"), place.file("go"))
        #expect(mkfifo(begun, 0o600) == 0 && mkfifo(go, 0o600) == 0)
        let beat = "http://127.0.0.1:\(watcher.port)/beat"
        // The first alert hangs, whatever others there are.
        let command = "mkdir \(place.file("hung")) 2>/dev/null && { echo > \(begun); cat \(go); }; true"
        try small.writeFile("holdfast.yaml", more: "alerts: {heartbeat: \"\(beat)\", command: \"\(command)\"}")
        _ = try small.load().initialize()
        _ = try Snapshots(small.load()).setPolicyEnabled(false)
        let (look, watcher, seen, job) = (look, watcher, seen, JobControl())
        let meanwhile = try WorkerThread(named: "meanwhile") {
            defer { job.cancel() }
            _ = try AtomicFile.read(begun)
            look.wait(for: "trouble") { $0.event == .failed && $0.message.contains("does not come back") }
            // One may have been on its way.
            if !watcher.waitForRequests(watcher.requests.count + 2, atMost: .milliseconds(1000)) { seen.change { $0.append("silence") } }
            try Descriptor.open(go, [.write]).write([0x0A])
            look.waitForHeartbeats()
        }
        try serve(small.load(), job) { _ in false }
        try meanwhile.join()
        #expect(seen.read { $0 } == ["trouble", "silence", "heartbeats"], "\(told.read { $0 })")
        #expect(told.read { $0.count { $0.event == .failed } } == 1, "told once")
    }

    @Test func `a drill that takes its time stops neither heartbeats nor snapshots`() throws {
        let small = try SmallCluster(in: place.path)
        let (begun, go) = (place.file("begun"), place.file("go"))
        #expect(mkfifo(begun, 0o600) == 0 && mkfifo(go, 0o600) == 0)
        try small.writeFile(
            "holdfast.yaml", more: "\(alerts)\nchecks: [{name: slow, command: \"echo > \(begun); cat \(go)\", timeout: 100s}]")
        _ = try small.load().initialize()
        _ = try Backups(small.load()).addTarget("nas", path: small.target)
        _ = try Snapshots(small.load()).setPolicy(PolicyChange(every: "1s", keep: "3@1s"))
        var often = try PolicyChange(every: "1s", keep: "2@1s").backupPolicy(named: "often", target: "nas")
        often.drill = try Period("1d", for: "drill")
        _ = try Backups(small.load()).createPolicy(often)
        let (look, told, seen) = (look, told, seen)
        let meanwhile = try WorkerThread(named: "meanwhile") {
            _ = try AtomicFile.read(begun)
            look.waitForHeartbeats()
            let taken: @Sendable ([ServiceEvent]) -> Int = { $0.count { $0.event == .finished && $0.policy == PolicyID.snapshots.text } }
            let before = told.read(taken)
            if told.wait(atMost: .seconds(60), until: { taken($0) >= before + 2 ? true : nil }) == true {
                seen.change { $0.append("snapshots") }
            }
            try Descriptor.open(go, [.write]).write([0x0A])
        }
        try serve(small.load()) { $0.event == .finished && $0.policy != PolicyID.snapshots.text }
        try meanwhile.join()
        #expect(seen.read { $0 } == ["heartbeats", "snapshots"], "\(told.read { $0 })")
        let events = told.read { $0 }
        #expect(events.contains { $0.message.contains("drill passed") }, "\(events)")
    }
}

private final class FirstCall: Sendable {
    private let isCalled = Atomic<Bool>(false)

    func isNow() -> Bool { !isCalled.exchange(true, ordering: .relaxed) }
}
