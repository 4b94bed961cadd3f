import Clusters
import Commands
import DirectoryStore
import Glibc
import HostIO
import Model
import ObjectStorage
import SQLiteStore
import StoreContract

/// Names every concrete store and storage, and runs one command.
@main struct Main {
    static func main() {
        let job = JobControl()
        // A process that cannot hear signals ends at the first one; repositories are safe from that.
        try? EndingSignals.watch(first: { job.cancel() }, second: { _exit(FailureCode.cancelled.exitStatus) })
        let environment = OutputEnvironment(variables: variables(["NO_COLOR", "TERM", "COLUMNS"]))
        let run = CommandLineRun(
            host: .current(), drivers: drivers(job), workingDirectory: (try? workingDirectory()) ?? "/", job: job,
            console: { .standard(json: $0, environment: environment, isCancelled: { job.isCancelled }) })
        exit(run.run(Array(CommandLine.arguments.dropFirst())))
    }

    private static func drivers(_ job: JobControl) -> Drivers {
        Drivers(
            adapter: { store, nativeImages, host in
                switch store.kind {
                case .directory: DirectoryStore(store, nativeImageFolder: nativeImages, host: host)
                case .sqlite: SQLiteStore(store, host: host)
                }
            },
            storage: { path in
                RetryingStorage(DirectoryStorage(path), sleep: { sleepThread(for: $0) }) { error in
                    job.note("trying again: \(error.failure.summary)")
                }
            })
    }

    private static func variables(_ names: [String]) -> [String: String] {
        names.reduce(into: [:]) { values, name in values[name] = getenv(name).map { String(cString: $0) } }
    }
}
