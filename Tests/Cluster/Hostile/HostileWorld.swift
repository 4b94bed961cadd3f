import Glibc
import HostIO
import ObjectStorage
import RepositoryEngine
import TestSupport
import Testing

/// A small cluster with a snapshot, a backup that was drilled and a standby that holds it, kept as they were made.
struct HostileWorld {
    struct Change: CustomStringConvertible {
        let part: HostilePart
        let description: String
    }

    /// Bytes of private memory that a command may take.
    static let memory = 1 << 30
    static let patience = Duration.seconds(10)
    /// Seconds from SIGTERM to the end: two on a machine that has nothing else to do, more where others want its processors.
    private static var hearing: Int {
        let words = (try? AtomicFile.read("/proc/loadavg")).map { String(decoding: $0, as: UTF8.self).split(separator: " ") } ?? []
        let load = words.first.flatMap { Double($0) } ?? 0
        return 2 + min(Int(load / Double(Host.current().processors)), 8)
    }
    private static let parts = ["a", "b"]

    let cluster: SampleCluster
    private let standby: SampleCluster

    init() throws {
        let stores = ["accounts", "uploads"]
        cluster = try SampleCluster(.init(stores: stores))
        try cluster.succeed("cluster", "init")
        try cluster.succeed("target", "add", "nas", "nas")
        try cluster.succeed("snapshot", "create", "s")
        for name in ["gone", "b"] { try cluster.succeed("backup", "create", "--target", "nas", "--name", name) }
        try cluster.succeed("backup", "policy", "create", "daily", "--target", "nas", "--every", "1d", "--keep", "7@1d")
        try cluster.succeed("backup", "delete", "gone", "--target", "nas", "--yes")
        try cluster.succeed("target", "prune", "nas", "--yes")
        try cluster.succeed("backup", "drill", "b", "--target", "nas")
        standby = try SampleCluster(in: cluster.folder, at: "b", filled: false, .init(password: "../a/password", stores: stores))
        try standby.succeed("standby", "start", "--from", cluster.root + "/nas", "--cluster", "acme", "--yes")
        try cluster.succeed("cluster", "status")
        try standby.succeed("standby", "sync")
        try cluster.succeed("backup", "create", "--target", "nas", "--name", "told")
        try writeNewFile()
        try Self.copy(Self.parts.map(cluster.folder.file), into: cluster.folder.file("pristine"))
    }

    /// A cluster file for a restore.
    private func writeNewFile() throws {
        var text = String(decoding: try AtomicFile.read(cluster.file), as: UTF8.self)
        for (old, new) in [
            ("state: state", "state: new/state"), ("storage: storage", "storage: new/storage"),
            ("path: accounts.db", "path: new/accounts.db"),
            ("path: uploads", "path: new/uploads"),
        ] { text = text.replacing(old, with: new) }
        try AtomicFile.write(Array(text.utf8), to: cluster.root + "/new.yaml")
        try makeDirectories(cluster.root + "/new")
    }

    /// Puts everything back.
    func reset() throws {
        for part in Self.parts { try removeTree(cluster.folder.file(part)) }
        try Self.copy(Self.parts.map { cluster.folder.file("pristine/\($0)") }, into: cluster.folder.path)
    }

    private static func copy(_ from: [String], into to: String) throws {
        try makeDirectories(to)
        let outcome = try ChildProcess(["cp", "-a"] + from + [to]).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: ["cp"], outcome: outcome) }
    }

    /// Changes something in `part`, in the target or in the storage.
    func change(_ part: HostilePart, using random: inout SeededRandom) throws -> Change {
        let place: String
        switch part {
        case .clusterFile, .state: place = ""
        case .standbyState: place = "../b"
        case .notice, .report: place = "nas"
        default: place = ["nas", "nas", "storage", "../b/storage"].randomElement(using: &random) ?? "nas"
        }
        let folder = cluster.root + "/" + place
        let mutation: String
        switch part {
        case .key: mutation = try rewriteFile(below: folder + "/keys", using: &random)
        case .ours: mutation = try rewriteFile(below: folder + "/holdfast", using: &random)
        case .pack: mutation = try rewriteFile(below: folder + "/data", using: &random)
        case .state, .standbyState: mutation = try rewriteFile(below: folder + "/state", using: &random)
        case .clusterFile: mutation = try rewriteClusterFile(using: &random)
        case .notice: mutation = try rewriteSigned(.epochs, below: folder + "/holdfast/epochs", using: &random)
        case .report: mutation = try rewriteSigned(.drills, below: folder + "/holdfast/drills", using: &random)
        default: mutation = try rewriteSealed(part, in: folder, using: &random)
        }
        return Change(part: part, description: "\(part) in \(place): \(mutation)")
    }

    private func hostile(_ folder: String) throws -> (repository: HostileRepository, password: Password) {
        let password = Password(String(decoding: try AtomicFile.read(cluster.root + "/password"), as: UTF8.self).trimmed())
        return (try HostileRepository(DirectoryStorage(folder), password: password), password)
    }

    private func rewriteSigned(_ purpose: HostileRepository.Purpose, below folder: String, using random: inout SeededRandom) throws
        -> String
    {
        let names = try FileTree.files(below: folder).filter { !$0.hasSuffix(".md") }
        guard let name = names.randomElement(using: &random) else { return "nothing there" }
        var document = try AtomicFile.read(folder + "/" + name)
        if Bool.random(using: &random) { document = Self.fuller(document) }
        let mutation = JSONMutation.some(of: document, using: &random)
        let signed = try hostile(cluster.root + "/nas").repository.signed(mutation.text, for: purpose)
        try AtomicFile.write(signed, to: folder + "/" + name)
        return "\(name): \(mutation)"
    }

    /// A notice with members that it has only at times.
    private static func fuller(_ document: [UInt8]) -> [UInt8] {
        let now = "\"2026-11-30T00:00:00Z\"", later = "\"2036-11-30T00:00:00Z\""
        let more = [
            ("\"member\" : ", "\"request\" : {\"asked\" : \(now), \"token\" : \"t\", \"until\" : \(later)},\n"),
            ("\"owner\" : ", "\"backup\" : \"b\", \"words\" : \"because\",\n"),
        ]
        return Array(more.reduce(String(decoding: document, as: UTF8.self)) { $0.replacing($1.0, with: $1.1 + $1.0) }.utf8)
    }

    /// How many files are there that signing them anew leaves as they are; -1 when one does not.
    func countOfSignedFiles() throws -> Int {
        let repository = try hostile(cluster.root + "/nas").repository
        var count = 0
        for (purpose, folder) in [(HostileRepository.Purpose.epochs, "epochs"), (.drills, "drills")] {
            let folder = cluster.root + "/nas/holdfast/" + folder
            for name in try FileTree.files(below: folder) where !name.hasSuffix(".md") {
                let document = try AtomicFile.read(folder + "/" + name)
                guard try repository.signed(document, for: purpose) == document else { return -1 }
                count += 1
            }
        }
        return count
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
        let (hostile, password) = try hostile(folder)
        var told = ""
        // The closure of a rewriting runs at once, and once.
        func mutated(_ bytes: [UInt8]) -> [UInt8] {
            let mutation = JSONMutation.some(of: bytes, using: &random)
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
        case .content: try hostile.rewrite(snapshot, .file(["stores", "accounts", "accounts.db"]), mutated)
        case .header:
            guard let pack = try hostile.storage.list("data").map(\.name).sorted().randomElement(using: &random) else { return "no pack" }
            try hostile.rewriteHeader(of: pack, mutated)
        case .master: try hostile.rewriteKeys(password: password, mutated)
        case .words: try rewriteWords(in: hostile, mutated)
        default: try hostile.rewrite(snapshot, .tree(["stores", "uploads"]), mutated)
        }
        return told
    }

    /// A mark of a prune, a note of damage or one of deleted snapshots.
    private func rewriteWords(in hostile: HostileRepository, _ mutated: ([UInt8]) -> [UInt8]) throws {
        let names = try ["doomed", "damaged", "forgotten"].flatMap { try hostile.storage.list("holdfast/\($0)").map(\.name) }.sorted()
        if let name = names.first {
            try hostile.replaceSealed(name, by: mutated(hostile.plain(name)))
        } else {
            let words = #"["2026-11-30T00:00:00Z","?","\#(String(repeating: "a", count: 64))"]"#
            try hostile.addSealed(mutated(Array(words.utf8)), to: "holdfast/doomed")
        }
    }

    // MARK: - Commands

    /// What is wrong with how the command ended; nil: nothing. `interruptedAfter`: milliseconds until SIGTERM.
    func run(_ command: HostilePart.Command, interruptedAfter delay: Int?) throws -> String? {
        var wrapper = ["prlimit", "--data=\(Self.memory)", "--core=0"]
        if let delay { wrapper = ["timeout", "--kill-after=\(Self.hearing)", "\(Double(delay) / 1000)"] + wrapper }
        let named = command.arguments + (command.arguments.contains("-c") ? [] : ["-c", "acme.yaml"])
        let site = command.isOfStandby ? standby : cluster
        let start = ContinuousClock.now
        let outcome = try ChildProcess(
            wrapper + [HoldfastProgram.path] + named, workingDirectory: site.root, timeout: Self.patience, grace: .seconds(2),
            outputLimit: 4 << 20
        ).run()
        let message = String(outcome.errorText.suffix(600))
        switch outcome.ending {
        case .timedOut: return "not at its end after \(ContinuousClock.now - start): \(message)"
        case .signalled(SIGKILL) where delay != nil: return "did not hear SIGTERM: \(message)"
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
