import Foundation
import HostIO
import Model
import Synchronization
import TestSupport
import Testing

/// Two installations of one cluster as their operators have them: directories of their own, the real program, and a target between them.
final class StandbyPair {
    let folder: TemporaryDirectory
    let primary: SampleCluster
    let standby: SampleCluster
    /// The target as each of the two sees it.
    let nas: (primary: String, standby: String)
    private let lease: String

    init(nas: (primary: String, standby: String)? = nil, lease: String = "6s") throws {
        folder = try TemporaryDirectory()
        self.nas = nas ?? (folder.file("nas"), folder.file("nas"))
        self.lease = lease
        let hooks = { [folder] site in Self.hooks(of: site, in: folder.path, lease) }
        primary = try SampleCluster(in: folder, at: "a", .init(more: hooks("a")))
        standby = try SampleCluster(in: folder, at: "b", filled: false, .init(password: "../a/password", more: hooks("b")))
        try primary.succeed("cluster", "init")
        try primary.succeed("target", "add", "nas", self.nas.primary)
    }

    /// Each command notes that it ran. Where there is a file `kill-EVENT`, it takes that away and kills the Holdfast that runs it.
    private static func hooks(of site: String, in folder: String, _ lease: String) -> String {
        let script = "\(folder)/\(site)-hook"
        let text = """
            #!/bin/sh
            echo "$HOLDFAST_EVENT" >> \(folder)/\(site)-events
            if rm \(folder)/kill-$HOLDFAST_EVENT 2>/dev/null; then kill -9 $PPID; sleep 1; fi
            exit 0

            """
        try? AtomicFile.write(Array(text.utf8), to: script, mode: 0o755)
        let keys = ["on-fenced", "on-suspended", "on-promote", "fence", "check"].map { "\($0): \"exec \(script)\"" }
        return "standby: {lease: \(lease), keep: 3, \(keys.joined(separator: ", "))}"
    }

    /// What the hooks of a site, `a` or `b`, have seen.
    func events(_ site: String) throws -> [String] {
        let bytes = try AtomicFile.readIfPresent(folder.file("\(site)-events")) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The next hook for this event kills its Holdfast.
    func killAt(_ event: String) throws { try AtomicFile.write([], to: folder.file("kill-\(event)")) }

    func start(_ arguments: String...) throws -> [String: Any] {
        try standby.run(["standby", "start", "--from", nas.standby, "--cluster", "acme", "--yes", "--json"] + arguments).json("standby")
    }

    /// The role in which a site sees itself after it has looked.
    func role(_ cluster: SampleCluster) throws -> String {
        let standing = try cluster.run("cluster", "status", "--json").json("cluster")["standing"] as? [String: Any]
        return standing?["role"] as? String ?? "alone"
    }

    /// kill -9 of a command so many milliseconds after its start.
    func kill(_ arguments: [String], of cluster: SampleCluster, after milliseconds: Int) throws {
        let seconds = "\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())"
        _ = try ChildProcess(
            ["timeout", "-s", "KILL", seconds, HoldfastProgram.path] + arguments + ["-c", cluster.file], workingDirectory: cluster.root,
            timeout: .seconds(60)
        ).run()
    }
}

/// An application that numbers its writes: one row a transaction, with the time before and after the commit.
final class NumberedWriter: Sendable {
    struct Write: Sendable {
        var number: Int
        var began: Timestamp
        var ended: Timestamp
    }

    private let stop = StopFlag()
    private let done = Monitor<[Write]>([])
    private let thread: WorkerThread

    /// Writes into the accounts of a site until it is stopped.
    init(at root: String) throws {
        let (stop, done) = (stop, done)
        let clock = SystemClock()
        _ = try Self.sql("CREATE TABLE IF NOT EXISTS written(n INTEGER PRIMARY KEY)", at: root)
        let first = (Int(try Self.sql("SELECT ifnull(max(n), 0) FROM written", at: root)) ?? 0) + 1
        thread = try WorkerThread(named: "writer") {
            var number = first
            while !stop.isSet {
                let began = clock.now()
                _ = try Self.sql("INSERT INTO written VALUES (\(number))", at: root)
                let write = Write(number: number, began: began, ended: clock.now())
                done.change { $0.append(write) }
                number += 1
                // As fast as an application, and no faster: others need the processors too.
                sleepThread(for: .milliseconds(30))
            }
        }
    }

    /// Returns when so many writes have been committed.
    func wait(for count: Int) { _ = done.wait { $0.count >= count ? true : nil } }

    /// All that was committed.
    func end() throws -> [Write] {
        stop.set()
        try thread.join()
        return done.wait { $0 }
    }

    deinit { stop.set() }

    static func numbers(at root: String) throws -> [Int] {
        try sql("SELECT n FROM written ORDER BY n", at: root).split(separator: "\n").compactMap { Int($0) }
    }

    private static func sql(_ text: String, at root: String) throws -> String {
        let arguments = ["sqlite3", "-bail", "-cmd", ".timeout 20000", "\(root)/accounts.db", text]
        let outcome = try ChildProcess(arguments).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
        return outcome.outputText.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
