import Glibc
import TestSupport
import Testing

/// Whatever somebody writes in a target, a storage, a state or a cluster file, with the password or without: every command ends by itself, within its
/// time and memory, with a status that the manual lists, and a signal is heard.
///
/// `HOLDFAST_FUZZ_SECONDS` says how long (`make fuzz-files`); `HOLDFAST_TEST_SEED` repeats a run; `HOLDFAST_FUZZ_PARTS` names the parts to change.
@Suite struct MutatedFilesTests {
    private static let seconds = environmentValue("HOLDFAST_FUZZ_SECONDS").flatMap(Int64.init) ?? 60

    private static var parts: [HostilePart] {
        guard let names = environmentValue("HOLDFAST_FUZZ_PARTS") else { return HostilePart.allCases }
        return names.split(separator: ",").compactMap { HostilePart(rawValue: String($0)) }
    }

    @Test(.timeLimit(.minutes(60 * 24))) func `no change of any file makes a command crash, hang, or take all memory`() throws {
        var random = SeededRandom(named: "mutated files")
        let world = try HostileWorld()
        // What is signed anew without a change is what was there.
        #expect(try world.countOfSignedFiles() >= 4)
        let clock = ContinuousClock()
        let end = clock.now + .seconds(Self.seconds)
        var rounds = 0
        // Every part has its turn, also in a short run.
        var turns: [HostilePart] = []
        while clock.now < end {
            rounds += 1
            if turns.isEmpty { turns = Self.parts.shuffled(using: &random) }
            try world.reset()
            let change = try world.change(turns.removeLast(), using: &random)
            for command in change.part.commands.shuffled(using: &random).prefix(2) {
                let isInterrupted = Int.random(in: 0..<12, using: &random) == 0
                let finding = try world.run(command, interruptedAfter: isInterrupted ? Int.random(in: 5...400, using: &random) : nil)
                if let finding { Issue.record("round \(rounds), \(change): \(command): \(finding)") }
            }
        }
        print("mutated files: \(rounds) rounds")
        #expect(rounds > 3)
    }
}
