import Glibc
import HostIO
import ObjectStorage
import RepositoryEngine
import TestSupport
import Testing

/// Whatever somebody writes in a target, a storage or a cluster file, with the password or without: every command ends by itself, within its
/// time and memory, with a status that the manual lists, and a signal is heard.
///
/// `HOLDFAST_FUZZ_SECONDS` says how long (`make fuzz-files`); `HOLDFAST_TEST_SEED` repeats a run.
@Suite struct MutatedFilesTests {
    private static let seconds = environmentValue("HOLDFAST_FUZZ_SECONDS").flatMap(Int64.init) ?? 60

    @Test(.timeLimit(.minutes(60 * 24))) func `no change of any file makes a command crash, hang, or take all memory`() throws {
        var random = SeededRandom(named: "mutated files")
        let world = try HostileWorld()
        let clock = ContinuousClock()
        let end = clock.now + .seconds(Self.seconds)
        var rounds = 0
        while clock.now < end {
            rounds += 1
            try world.reset()
            let change = try world.change(using: &random)
            for command in change.part.commands.shuffled(using: &random).prefix(2) {
                let isInterrupted = Int.random(in: 0..<12, using: &random) == 0
                let finding = try world.run(command, interruptedAfter: isInterrupted ? Int.random(in: 5...400, using: &random) : nil)
                if let finding { Issue.record("round \(rounds), \(change): \(command.joined(separator: " ")): \(finding)") }
            }
        }
        print("mutated files: \(rounds) rounds")
        #expect(rounds > 3)
    }
}

/// A part of the world that may be in hostile hands.
enum HostilePart: String, CaseIterable {
    case key, config, index, snapshot, lock, tree, subtree, manifest, pack, ours, clusterFile

    /// Commands that read it.
    var commands: [[String]] {
        switch self {
        case .clusterFile:
            [["cluster", "status"], ["status"], ["snapshot", "ls"], ["target", "ls"], ["advise"], ["snapshot", "policy", "show"]]
        default:
            [
                ["backup", "ls", "--target", "nas"], ["backup", "show", "b", "--target", "nas"], ["backup", "create", "--target", "nas"],
                ["backup", "verify", "b", "--target", "nas", "--read-data"], ["backup", "drill", "b", "--target", "nas"],
                ["backup", "report", "b", "--target", "nas"], ["backup", "delete", "b", "--target", "nas", "--yes"],
                ["target", "ls"], ["target", "prune", "nas", "--grace", "0s", "--yes"], ["backup", "policy", "ls"],
                ["cluster", "restore", "b", "--from", "nas", "-c", "new.yaml", "--yes"], ["status"], ["cluster", "status"], ["advise"],
                ["standby", "status"], ["serve", "--once"], ["snapshot", "create", "x"], ["snapshot", "ls"],
                ["snapshot", "restore", "s", "--yes"],
                ["snapshot", "diff", "s", "s"], ["snapshot", "show", "s"], ["snapshot", "validate", "s"], ["snapshot", "prune", "--yes"],
            ]
        }
    }
}

/// A small cluster with a snapshot, a backup that was drilled, and a standby's records, kept as it was made.
private struct HostileWorld {
    struct Change: CustomStringConvertible {
        let part: HostilePart
        let description: String
    }

    /// Bytes of private memory that a command may take.
    static let memory = 1 << 30
    static let patience = Duration.seconds(10)

    let cluster: SampleCluster
    private let pristine: String

    init() throws {
        let stores = ["accounts", "uploads"]
        cluster = try SampleCluster(.init(stores: stores))
        pristine = cluster.folder.file("pristine")
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("snapshot", "create", "s")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "b")
        try cluster.succeed("backup", "drill", "b", "--target", "nas")
        let standby = try SampleCluster(in: cluster.folder, at: "b", filled: false, .init(password: "../a/password", stores: stores))
        let started = try standby.run(["standby", "start", "--from", cluster.root + "/nas", "--cluster", "acme", "--yes"])
        try #require(started.status == 0, "\(started.err)")
        _ = try cluster.run("standby", "status")
        var text = String(decoding: try AtomicFile.read(cluster.file), as: UTF8.self)
        for (old, new) in [
            ("state: state", "state: new/state"), ("storage: storage", "storage: new/storage"),
            ("path: accounts.db", "path: new/accounts.db"),
            ("path: uploads", "path: new/uploads"),
        ] { text = text.replacing(old, with: new) }
        try AtomicFile.write(Array(text.utf8), to: cluster.root + "/new.yaml")
        try makeDirectories(cluster.root + "/new")
        try Self.copy(cluster.root, pristine)
    }

    /// Puts everything back.
    func reset() throws {
        try removeTree(cluster.root)
        try Self.copy(pristine, cluster.root)
    }

    private static func copy(_ from: String, _ to: String) throws {
        let outcome = try ChildProcess(["cp", "-a", from, to]).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: ["cp"], outcome: outcome) }
    }

    /// Changes something, in the target or in the storage.
    func change(using random: inout SeededRandom) throws -> Change {
        let part = HostilePart.allCases.randomElement(using: &random) ?? .key
        let place = part == .clusterFile ? "" : ["nas", "storage"].randomElement(using: &random) ?? "nas"
        let folder = cluster.root + "/" + place
        let mutation: String
        switch part {
        case .key: mutation = try rewriteFile(below: folder + "/keys", using: &random)
        case .ours: mutation = try rewriteFile(below: folder + "/holdfast", using: &random)
        case .pack: mutation = try rewriteFile(below: folder + "/data", using: &random)
        case .clusterFile: mutation = try rewriteClusterFile(using: &random)
        case .config, .index, .snapshot, .lock, .tree, .subtree, .manifest: mutation = try rewriteSealed(part, in: folder, using: &random)
        }
        return Change(part: part, description: "\(part) in \(place): \(mutation)")
    }

    private func rewriteFile(below folder: String, using random: inout SeededRandom) throws -> String {
        let names = try FileTree.files(below: folder)
        guard let name = names.randomElement(using: &random) else { return "nothing there" }
        let mutation = JSONMutation(of: try AtomicFile.read(folder + "/" + name), using: &random)
        try AtomicFile.write(mutation.text, to: folder + "/" + name)
        return "\(name): \(mutation)"
    }

    private func rewriteClusterFile(using random: inout SeededRandom) throws -> String {
        var lines = String(decoding: try AtomicFile.read(cluster.file), as: UTF8.self).split(separator: "\n").map(String.init)
        let place = Int.random(in: 0..<lines.count, using: &random)
        let old = lines[place]
        // The values of a line, in JSON's way of writing, which is one of YAML's.
        if let colon = old.firstIndex(of: ":"), Bool.random(using: &random) {
            let quoted = "\"" + old[old.index(after: colon)...].trimmed().filter { $0 != "\"" } + "\""
            lines[place] = old[...colon] + " " + String(decoding: JSONMutation(of: Array(quoted.utf8), using: &random).text, as: UTF8.self)
        } else {
            lines[place] = String(decoding: JSONMutation(of: Array(old.utf8), using: &random).text, as: UTF8.self)
        }
        if Int.random(in: 0..<10, using: &random) == 0 {
            lines +=
                ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
                + (1...9).map { level in
                    "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]"
                }
        }
        try AtomicFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: cluster.file)
        return "line \(place + 1): \(lines[place].prefix(100))"
    }

    private func rewriteSealed(_ part: HostilePart, in folder: String, using random: inout SeededRandom) throws -> String {
        let password = Password(String(decoding: try AtomicFile.read(cluster.root + "/password"), as: UTF8.self).trimmed())
        let hostile = try HostileRepository(DirectoryStorage(folder), password: password)
        var told = ""
        // The closure of a rewriting runs at once, and once.
        func mutated(_ bytes: [UInt8]) -> [UInt8] {
            let mutation = JSONMutation(of: bytes, using: &random)
            told = mutation.description
            return mutation.text
        }
        guard let snapshot = try hostile.files(.snapshots).last else { return "no snapshot" }
        switch part {
        case .config: try hostile.replaceConfig(by: mutated(hostile.plain(.init(known: "config"))))
        case .index:
            guard let name = try hostile.files(.index).randomElement(using: &random) else { return "no index" }
            try hostile.replace(name, .index, by: mutated(hostile.plain(name)))
        case .snapshot: try hostile.replace(snapshot, .snapshots, by: mutated(hostile.plain(snapshot)))
        case .lock:
            let lock = #"{"time":"2026-01-01T00:00:00Z","exclusive":true,"hostname":"h","username":"u","pid":7,"uid":0,"gid":0}"#
            try hostile.add(mutated(Array(lock.utf8)), .locks)
        case .manifest: try hostile.rewrite(snapshot, .file(["manifest.json"]), mutated)
        case .tree:
            let path = [[], ["stores"]].randomElement(using: &random) ?? []
            try hostile.rewrite(snapshot, .tree(path), mutated)
        default: try hostile.rewrite(snapshot, .tree(["stores", "uploads"]), mutated)
        }
        return told
    }

    // MARK: - Commands

    /// What is wrong with how the command ended; nil: nothing. `interruptedAfter`: milliseconds until SIGTERM.
    func run(_ command: [String], interruptedAfter delay: Int?) throws -> String? {
        var wrapper = ["prlimit", "--data=\(Self.memory)", "--core=0"]
        if let delay { wrapper = ["timeout", "--kill-after=2", "\(Double(delay) / 1000)"] + wrapper }
        let named = command.contains("-c") ? command : command + ["-c", "acme.yaml"]
        let start = ContinuousClock.now
        let outcome = try ChildProcess(
            wrapper + [HoldfastProgram.path] + named, workingDirectory: cluster.root, timeout: Self.patience, grace: .seconds(2),
            outputLimit: 4 << 20
        ).run()
        let message = String(outcome.errorText.suffix(600))
        switch outcome.ending {
        case .timedOut: return "not at its end after \(ContinuousClock.now - start): \(message)"
        case .signalled(let signal): return "signal \(signal): \(message)"
        case .exited(let status) where status == 137 && delay != nil: return "did not hear SIGTERM: \(message)"
        case .exited(let status) where [1, 64].contains(status) || status > 130: return "status \(status): \(message)"
        case .exited: break
        }
        if let raw = (outcome.output + outcome.errors).first(where: { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F }) {
            return "byte \(raw) on the terminal: \(outcome.outputText.suffix(300))\(message)"
        }
        return nil
    }
}

extension StringProtocol {
    fileprivate func trimmed() -> String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        while text.first?.isWhitespace == true { text.removeFirst() }
        return String(text)
    }
}
