import Demo
import HostIO
import Testing
import TestSupport

@Suite struct DemoTests {
    @Test(.timeLimit(.minutes(5))) func theDemoTellsItsWholeStoryAndProvesEveryByte() throws {
        let place = try TemporaryDirectory()
        let demo = Demo(
            directory: "\(place.path)/demo", megabytes: 16, seed: 7, host: .current(), drivers: .real, program: "holdfast test")
        var lines: [String] = []
        let report = try demo.run(job: JobControl()) { lines.append($0) }
        #expect(report.steps.count >= 13, "\(lines)")
        print(lines.joined(separator: "\n"))
    }
}
