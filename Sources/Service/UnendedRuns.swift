import Clusters
import Model

extension Cluster {
    /// Notes for good what processes left undone that have ended, and gives what took the service down.
    func unendedWork() -> [UnendedWork] {
        try? jobs.settle()
        return UnendedWork.among((try? jobs.list()) ?? [])
    }
}

extension UnendedWork {
    /// How long work that takes the process down again and again waits, longer each time, so that everything else (alerts, other policies) gets its turn
    /// before the process may end once more. Nil: it need not wait.
    var pause: Duration? { times > 2 ? .seconds(5 << Int64(min(times, 12) - 3)) : nil }
}

extension Policies {
    /// The policy that jobs name as their cause.
    func id(for cause: String) -> PolicyID? {
        ([.snapshots] + backups.map { .backup($0.policy.name) }).first { $0.text == cause }
    }
}
