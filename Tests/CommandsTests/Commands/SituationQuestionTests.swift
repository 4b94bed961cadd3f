import Model
import Testing

@testable import Commands

/// What `advise --situation` asks on a terminal.
@Suite struct SituationQuestionTests {
    private func ask(_ answers: [String], canAnswer: Bool = true) throws -> (chosen: Situation?, said: String) {
        let captured = CapturedConsole(answers: answers)
        let chosen = try SituationQuestion(console: captured.console(.tty, canAnswer: canAnswer)).ask()
        return (chosen, captured.err)
    }

    @Test func `a number or a name is an answer, and what is none is asked again`() throws {
        #expect(try ask(["4"]).chosen == .otherHardware)
        #expect(try ask([" Take-Over "]).chosen == .takeOver)
        let (chosen, said) = try ask(["move it", "0", "99", "1"])
        #expect(chosen == .pointInTime)
        #expect(said.contains("moveit is none of them: answer with a number from 1 to 8"), "\(said)")
        #expect(said.matches(of: /What do you want to do/).count == 4)
    }

    @Test func `no answer chooses nothing, and nobody is asked who cannot answer`() throws {
        for answers in [[], [""], ["x", " "]] {
            #expect(#expect(throws: Failure.self) { try ask(answers) }?.code == .cancelled)
        }
        #expect(try ask(["1"], canAnswer: false).chosen == nil)
    }
}
