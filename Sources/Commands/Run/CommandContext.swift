package import Clusters
package import HostIO
import Model

/// What a command works with.
package struct CommandContext: Sendable {
    package var host: Host
    package var drivers: Drivers
    /// Where relative paths start; absolute.
    package var workingDirectory: String
    /// Stops every job of the command.
    package var job: JobControl
    package var console: Console
    package var search: ClusterFileSearch

    package init(
        host: Host, drivers: Drivers, workingDirectory: String, job: JobControl, console: Console,
        search: ClusterFileSearch = ClusterFileSearch(named: nil)
    ) {
        self.search = search
        self.host = host
        self.drivers = drivers
        self.workingDirectory = workingDirectory
        self.job = job
        self.console = console
    }

    func cluster(_ options: ClusterOptions) throws -> Cluster {
        let path = try options.path(in: workingDirectory, search)
        var drivers = drivers
        drivers.patience = try options.patience(job)
        return try Cluster.load(path, host: host, drivers: drivers, program: Program.text)
    }

    /// An absolute path out of one that was typed.
    func absolute(_ path: String) -> String { PathText.normalise(path, relativeTo: workingDirectory) }

    /// The same of a directory. Throws `usage` for what is written like an address.
    func directory(_ path: String, for what: String) throws(Failure) -> String {
        try PlaceAdvice.checkDirectory(path, for: what)
        return absolute(path)
    }

    var now: Timestamp { host.clock.now() }

    /// Runs `body` with a job of its own that is shown meanwhile.
    func watching<Result>(_ body: (JobControl) throws -> Result) throws -> Result {
        let job = JobControl(following: job)
        job.begin(phase: "opening")
        return try ProgressReporter.watching(job, console: console, clock: host.clock, body)
    }

    /// The result of `body`, and the seconds that it took.
    func timing<Result>(_ body: () throws -> Result) rethrows -> (Result, seconds: Double) {
        let start = host.clock.monotonicNanoseconds()
        let result = try body()
        return (result, Double(host.clock.monotonicNanoseconds() &- start) / 1e9)
    }
}
