import Clusters
import Commands
import Glibc
import HostIO
import Model
import Wiring

/// Runs one command, with every concrete store and place.
@main struct Main {
    static func main() {
        // The runtime reads them from there. Without it every command would be one without a word, which ends well.
        guard !CommandLine.arguments.isEmpty else {
            let words = "holdfast: its arguments cannot be read: is /proc mounted?\n  mount -t proc proc /proc\n"
            _ = words.withCString { write(2, $0, strlen($0)) }
            exit(FailureCode.internal.exitStatus)
        }
        OwnSurroundings.settle()
        // A write beyond a limit of the size of files is an error then (EFBIG), and not the end.
        signal(SIGXFSZ, SIG_IGN)
        let job = JobControl()
        // A process that cannot hear signals ends at the first one; repositories are safe from that.
        try? EndingSignals.watch(first: { job.cancel() }, second: { _exit(FailureCode.cancelled.exitStatus) })
        let environment = OutputEnvironment(variables: variables(["NO_COLOR", "TERM", "COLUMNS"]))
        let run = CommandLineRun(
            host: .current(), drivers: .real(job), workingDirectory: (try? workingDirectory()) ?? "/", job: job,
            search: ClusterFileSearch(named: variables(["HOLDFAST_CLUSTER_FILE"])["HOLDFAST_CLUSTER_FILE"]),
            console: { .standard(json: $0, environment: environment, isCancelled: { job.isCancelled }) })
        exit(run.run(Array(CommandLine.arguments.dropFirst())))
    }

    private static func variables(_ names: [String]) -> [String: String] {
        names.reduce(into: [:]) { values, name in values[name] = getenv(name).map { String(cString: $0) } }
    }
}
