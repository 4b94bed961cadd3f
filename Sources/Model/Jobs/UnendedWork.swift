/// Work of the service, whose process ended in the middle of it each time that it was tried since it last came to an end of whatever kind.
package struct UnendedWork: Hashable, Sendable {
    /// Of the last try: "snapshot policy".
    package var command: String
    /// "snapshot policy", "backup policy nightly".
    package var cause: String
    /// Tries one after the other.
    package var times: Int
    /// The job of the last one.
    package var job: Int

    /// Tries again and again and never ends: something that it does takes the process down.
    package var isLoop: Bool { times > 1 }

    package var message: String {
        let runs = times == 1 ? "the last run" : "each of the last \(times) runs"
        return "\(runs) of \(command)\(command == cause ? "" : ", for the \(cause),") ended the whole process before it was done"
    }

    package var concern: Concern {
        Concern(
            "unended \(cause)", isLoop ? .critical : .warning, message,
            remedy: "holdfast jobs show \(job), and the journal of the service, say how far it came")
    }

    /// What `jobs`, oldest first, tell. A restart of the host is nobody's fault and counts for nothing.
    package static func among(_ jobs: [JobRecord]) -> [UnendedWork] {
        var found: [Kind: UnendedWork] = [:]
        for job in jobs where job.isUnattended == true {
            let kind = Kind(cause: job.cause, verb: Array(job.command.split(separator: " ").prefix(2)))
            switch job.outcome {
            case .done, .failed, .stopped: found[kind] = nil
            case .interrupted where job.hostRestarted != true:
                let before = found[kind]?.times ?? 0
                found[kind] = UnendedWork(command: job.command, cause: job.cause, times: before.addingSaturated(1), job: job.number)
            case .interrupted, .running, .skipped: break
            }
        }
        return found.values.sorted { $0.job < $1.job }
    }

    /// What is tried again under another name is the same work: the first two words of a command say what it is.
    private struct Kind: Hashable {
        let cause: String
        let verb: [Substring]
    }
}
