import Glibc
import HostIO
import TestSupport
import Testing

/// A small cluster on disk: a database with a bulk table, uploads, bulk files.
final class SampleCluster {
    let folder: TemporaryDirectory
    /// Of the cluster file, the stores and the state; below `folder`.
    let root: String
    let file: String

    struct Options {
        var name = "acme"
        var release = "6.2.1"
        var password = "password"
        var storage = "storage"
        var state = "state"
        var stores = ["accounts", "uploads", "lake"]
        /// More lines of the cluster file.
        var more = ""
    }

    /// `filled`: with content in the stores.
    init(in folder: TemporaryDirectory? = nil, at place: String = "a", filled: Bool = true, _ options: Options = Options()) throws {
        self.folder = try folder ?? TemporaryDirectory()
        root = self.folder.file(place)
        file = root + "/acme.yaml"
        try makeDirectories(root)
        try write(options)
        if filled { try fill() }
    }

    func write(_ options: Options) throws {
        let stores = [
            "accounts": "{name: accounts, kind: sqlite, role: metadata, path: accounts.db, bulk-tables: [\"fact_*\"]}",
            "uploads": "{name: uploads, kind: directory, role: content, path: uploads}",
            "lake": "{name: lake, kind: directory, role: data, path: lake}",
        ]
        let text = """
            cluster: \(options.name)
            release: "\(options.release)"
            state: \(options.state)
            storage: \(options.storage)
            password-file: \(options.password)
            stores:
            \(options.stores.compactMap { stores[$0] }.map { "  - \($0)" }.joined(separator: "\n"))
            \(options.more)
            """
        try AtomicFile.write(Array(text.utf8), to: file)
    }

    func fill() throws {
        try sql(
            """
            PRAGMA journal_mode=wal;
            CREATE TABLE accounts(id INTEGER PRIMARY KEY, name TEXT);
            CREATE TABLE fact_sales(x INTEGER, y TEXT);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
              INSERT INTO accounts SELECT i, 'user ' || i FROM n;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
              INSERT INTO fact_sales SELECT i, hex(i * i) FROM n;
            """)
        var random = SeededRandom(named: "sample cluster")
        try makeDirectories(root + "/uploads/deep/er")
        try makeDirectories(root + "/lake/2026")
        for (path, size) in [("uploads/a.txt", 10), ("uploads/deep/b.bin", 200_000), ("uploads/deep/er/c", 0), ("lake/2026/rows", 900_000)]
        {
            let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            try put(bytes, at: path)
        }
        #expect(symlink("deep/b.bin", root + "/uploads/link") == 0)
        #expect(chmod(root + "/uploads/a.txt", 0o640) == 0)
    }

    func put(_ bytes: [UInt8], at path: String) throws { try AtomicFile.write(bytes, to: root + "/" + path, mode: 0o644) }

    func remove(_ path: String) throws { try removeTree(root + "/" + path) }

    @discardableResult
    func sql(_ statements: String) throws -> String {
        let arguments = ["sqlite3", "-bail", root + "/accounts.db"]
        let outcome = try ChildProcess(arguments, input: Array(statements.utf8)).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
        return outcome.outputText
    }

    /// Everything that the stores hold, as text to compare.
    func content(besides left: [String] = []) throws -> [String: String] {
        var content: [String: String] = [:]
        if !left.contains("accounts") { content["accounts"] = try sql(".dump\n") }
        for store in ["uploads", "lake"] where !left.contains(store) {
            let find = ["find", ".", "-printf", "%p %y %m %U:%G %s %T@ %l\\n"]
            let sums = ["find", ".", "-type", "f", "-exec", "sha256sum", "{}", "+"]
            let texts = try [find, sums].map { arguments in
                let outcome = try ChildProcess(arguments, workingDirectory: root + "/" + store).run()
                guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
                return outcome.outputText.split(separator: "\n").filter { !$0.hasPrefix(". ") && !$0.contains(" d ") }.sorted()
                    .joined(separator: "\n")
            }
            content[store] = texts.joined(separator: "\n")
        }
        return content
    }

    func run(_ arguments: String...) throws -> HoldfastProgram.Result { try run(arguments) }

    func run(_ arguments: [String], wrapper: [String] = []) throws -> HoldfastProgram.Result {
        try HoldfastProgram.run(arguments + ["-c", file], in: root, wrapper: wrapper)
    }

    /// Runs it and expects success.
    @discardableResult
    func succeed(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> HoldfastProgram.Result {
        let result = try run(arguments)
        try #require(result.status == 0, "\(arguments): \(result.out)\(result.err)", sourceLocation: sourceLocation)
        return result
    }

    /// Runs it with `--json` and expects `status` and `code`, and a hint.
    func fail(_ code: String, _ status: Int32, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        let result = try run(arguments + ["--json"])
        #expect(result.status == status, "\(arguments): \(result.out)\(result.err)", sourceLocation: sourceLocation)
        let error = try #require(try result.json()["error"] as? [String: Any], sourceLocation: sourceLocation)
        #expect(error["code"] as? String == code, "\(error)", sourceLocation: sourceLocation)
        #expect(error["hint"] is String, "\(error)", sourceLocation: sourceLocation)
        return "\(error["message"] ?? "") \(error["cause"] ?? "") \(error["hint"] ?? "")"
    }

    /// Names that `snapshot ls --json` lists.
    func snapshots() throws -> [String] { try names(in: "snapshots", "snapshot", "ls", "--json") }

    func backups() throws -> [String] { try names(in: "backups", "backup", "ls", "--target", "nas", "--json") }

    private func names(in key: String, _ arguments: String...) throws -> [String] {
        let list = try run(arguments).json()[key] as? [[String: Any]]
        return try #require(list).compactMap { $0["name"] as? String }
    }
}
