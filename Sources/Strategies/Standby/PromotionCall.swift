import Clusters
import HostIO

/// A lock by which a promotion asks a sync that is under way to make room: what has been fetched stays. It goes with the process that holds it.
struct PromotionCall {
    private static let name = "promotion.lock"

    private let state: StateDirectory
    private let host: Host

    init(_ state: StateDirectory, _ host: Host) {
        self.state = state
        self.host = host
    }

    func raise() throws -> FileLock { try state.takeLock(Self.name, "standby promote", host, .seconds(2)) }

    private var isRaised: Bool { (try? state.holder(Self.name)) ?? nil != nil }

    /// Runs `body` with a job that is cancelled when a promotion asks for it.
    func yielding<R>(_ leader: JobControl, _ body: (JobControl) throws -> R) throws -> R {
        let job = JobControl(following: leader)
        let stop = StopFlag()
        let call = self
        let watcher = try WorkerThread(named: "promotion call") {
            while !stop.isSet {
                if call.isRaised { job.cancel() }
                sleepThread(for: .milliseconds(50))
            }
        }
        defer {
            stop.set()
            _ = try? watcher.join()
        }
        return try body(job)
    }
}
