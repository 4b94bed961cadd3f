import Foundation
import Glibc
import HostIO
import Model
import TestSupport
import Testing

/// The runbooks of the manual, command by command, with applications that number what they write.
@Suite(.timeLimit(.minutes(10))) struct StandbyRunbookTests {
    private let pair: StandbyPair

    init() throws { pair = try StandbyPair() }

    /// The lines of the code block below a heading of docs/operations.md.
    private func runbook(_ heading: String) throws -> [[String]] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let manual = try String(contentsOf: root.appendingPathComponent("docs/operations.md"), encoding: .utf8)
        let section = try #require(manual.split(separator: "\n### \(heading)\n").dropFirst().first, "\(heading)")
        let block = try #require(section.split(separator: "```\n").dropFirst().first)
        return block.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    /// Runs them all; gives what the last one printed.
    @discardableResult
    private func follow(_ heading: String) throws -> [HoldfastProgram.Result] {
        try runbook(heading).map { words in
            let arguments = words.dropFirst().map { word in
                switch word {
                case "acme.yaml": pair.primary.file
                case "standby.yaml": pair.standby.file
                case "NAS": pair.nas.standby
                default: word
                }
            }
            let result = try HoldfastProgram.run(Array(arguments), in: pair.folder.path)
            try #require(result.status == 0, "\(words): \(result.out)\(result.err)")
            return result
        }
    }

    @Test func `set up, rehearse, fail over, fail back, switch over`() throws {
        let writer = try NumberedWriter(at: pair.primary.root)
        try follow("Set up")
        #expect(try pair.standby.content(besides: ["accounts"]) == pair.primary.content(besides: ["accounts"]))
        let rehearsed = try follow("Rehearse")
        #expect(try rehearsed[0].out.contains("nothing is wrong") && pair.events("b") == ["rehearse"])
        let written = try failOver(writer)
        try failBack(written)
        try switchOver()
    }

    /// The primary is lost while it is written to; what the report says is what the writer saw.
    private func failOver(_ writer: NumberedWriter) throws -> [Int] {
        writer.wait(for: 10)
        try pair.primary.succeed("backup", "create", "--target", "nas", "--name", "last")
        let plan = try follow("Fail over")
        #expect(plan[0].out.contains("will be lost") && plan[2].out.contains("active"))
        let writes = try writer.end()
        let numbers = try NumberedWriter.numbers(at: pair.standby.root)
        let point = try promotedPoint()
        #expect(writes.filter { $0.ended < point.began }.map(\.number).allSatisfy(numbers.contains), "a committed write is missing")
        #expect(numbers == Array(1...numbers.count) && writes.filter { $0.began > point.ended }.allSatisfy { !numbers.contains($0.number) })
        #expect(writes.count > numbers.count, "something was written afterwards, or this proves nothing")
        #expect(plan[1].out.contains("RPO") && plan[1].out.contains("RTO") && plan[1].out.contains("1 backup policy taken over"))
        #expect(try pair.events("b") == ["rehearse", "fence", "promote", "check"])
        #expect(try pair.primary.fail("fenced", 15, "snapshot", "create", "late").contains("took it over"))
        #expect(try pair.events("a") == ["on-fenced"])
        #expect(try pair.primary.succeed("cluster", "status").out.contains("FENCED"))
        return numbers
    }

    /// The instant that the promoted state shows, from the backup itself.
    private func promotedPoint() throws -> (began: Timestamp, ended: Timestamp) {
        let backup = try pair.standby.succeed("backup", "show", "last", "--target", "nas", "--json").json("backup")
        let store = try #require((backup["stores"] as? [[String: Any]])?.first { $0["name"] as? String == "accounts" })
        let instants = try ["began", "ended"].map { try #require((store[$0] as? String).flatMap(Timestamp.init(text:))) }
        return (instants[0], instants[1])
    }

    private func failBack(_ numbers: [Int]) throws {
        try pair.standby.put([1, 2, 3], at: "uploads/on-b")
        let results = try follow("Fail back")
        #expect(results[1].out.contains("diverged-") && results[1].out.contains("changed accounts.db"), "\(results[1].out)")
        #expect(try NumberedWriter.numbers(at: pair.primary.root) == numbers)
        #expect(try pair.primary.content(besides: ["accounts"]) == pair.standby.content(besides: ["accounts"]))
        #expect(try pair.primary.snapshots().contains { $0.hasPrefix("diverged-") } && pair.role(pair.primary) == "standby")
    }

    /// b is the active one, and its service runs; nothing that it wrote may be missing on a.
    private func switchOver() throws {
        let writer = try NumberedWriter(at: pair.standby.root)
        writer.wait(for: 3)
        let written = try writer.end()
        let service = try RunningService(pair.standby)
        try service.event("started")
        let results = try follow("Planned switchover")
        #expect(results[0].out.contains("nothing is lost"), "\(results[0].out)")
        #expect(service.stop(SIGTERM) == 0)
        let numbers = try NumberedWriter.numbers(at: pair.primary.root)
        #expect(written.map(\.number).allSatisfy(numbers.contains))
        #expect(try [pair.role(pair.primary), pair.role(pair.standby)] == ["active", "fenced"])
        #expect(try pair.events("b").last == "handover" && pair.events("a").suffix(2) == ["promote", "check"])
        try pair.primary.succeed("backup", "create", "--target", "nas")
    }
}
