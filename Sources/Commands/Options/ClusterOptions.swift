import ArgumentParser
import HostIO
import Model

/// The options of every command that works on a cluster.
struct ClusterOptions: ParsableArguments {
    @Option(
        name: [.customShort("c"), .customLong("cluster-file")],
        help: ArgumentHelp(
            "The cluster file (default: what HOLDFAST_CLUSTER_FILE names, ./holdfast.yaml but for root, /etc/holdfast/holdfast.yaml).",
            valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var clusterFile: String?

    @Option(help: ArgumentHelp("How long to wait for another Holdfast that works on the cluster: 0, 30s, 1h.", valueName: "time"))
    var wait: String = "10m"

    @Flag(help: "Print JSON, one value a line; the last line is the result.")
    var json = false

    func validate() throws {
        try validating { () throws(Failure) in _ = try patience() }
    }

    private func patience() throws(Failure) -> Duration { .seconds(try Period.seconds(waiting: wait)) }

    /// For the lock of the cluster. Whoever has to wait hears for whom.
    func patience(_ job: JobControl) throws(Failure) -> LockPatience {
        LockPatience(try patience(), isOver: { job.isCancelled }, told: { job.note("waiting for \($0)") })
    }

    /// What names the same cluster in a command to run next: " -c acme.yaml", or nothing where the default was taken.
    var suffix: String { clusterFile.map { " -c \($0)" } ?? "" }

    /// Absolute. Throws `cluster-file` when none is given and none is found.
    func path(in workingDirectory: String, _ search: ClusterFileSearch) throws -> String {
        if let clusterFile { return PathText.normalise(clusterFile, relativeTo: workingDirectory) }
        return try search.path(in: workingDirectory, isThere: { try statusOfPath($0) != nil })
    }
}
