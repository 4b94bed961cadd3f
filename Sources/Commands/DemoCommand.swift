import ArgumentParser
import Demo
import HostIO
import Model

struct DemoCommand: HoldfastCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the whole story on a generated cluster, in about half a minute.",
        discussion: """
            Makes a cluster in a new directory, snapshots it, damages it, restores it while an
            application reads, backs it up in three modes, deletes it, restores it elsewhere
            under another release, and proves that every byte is back; last, restic alone
            reads the same backup where it is installed.

            EXAMPLES:
              holdfast demo
              holdfast demo /srv/try --megabytes 1000 --keep
            """)

    @Argument(help: "A directory that does not exist (default: one in /tmp).", completion: .directory)
    var directory: String?

    @Option(help: "Bulk data to generate.")
    var megabytes = 300

    @Option(help: "What the data are generated from.")
    var seed: UInt64 = 20_261_123

    @Flag(help: "Leave the directory behind, to look around and try commands on it.")
    var keep = false

    @Flag(help: "Print JSON; the last line is the result.")
    var json = false

    var wantsJSON: Bool { json }

    func validate() throws {
        guard (8...100_000).contains(megabytes) else { throw ValidationError("--megabytes is between 8 and 100000") }
    }

    private struct Result: Encodable {
        struct Step: Encodable {
            var what: String
            var seconds: Double
        }
        struct Report: Encodable {
            var directory: String
            var kept: Bool
            var seconds: Double
            var steps: [Step]
        }
        var demo: Report
    }

    func run(in context: CommandContext) throws -> Verdict {
        let place = directory.map(context.absolute) ?? "/tmp/holdfast-demo-\(context.host.randomHex(bytes: 4))"
        let demo = Demo(
            directory: place, megabytes: megabytes, seed: seed, host: context.host, drivers: context.drivers, program: Program.text)
        guard try statusOfPath(place) == nil else {
            throw Failure(.exists, "\(place) exists already", hint: "name a directory that does not")
        }
        let console = context.console
        if !json { console.say("the demo works in \(place)") }
        let report: DemoReport
        do {
            report = try demo.run(job: context.job) { line in
                if !json { console.say(line) }
            }
        } catch {
            if !keep { try? removeTree(place) }
            throw error
        }
        if !keep { try removeTree(place) }
        let steps = report.steps.map { Result.Step(what: $0.what, seconds: $0.seconds) }
        let result = Result(demo: Result.Report(directory: place, kept: keep, seconds: report.seconds, steps: steps))
        console.finish(json: result) { _ in
            let left =
                keep
                ? "look around: \(place)/elsewhere/holdfast.yaml is the cluster file of the restored cluster" : "\(place) is removed again"
            return "all of it in \(DurationText.spoken(seconds: report.seconds)); \(left)"
        }
        return .done
    }
}
