import HostIO
import Model

/// A run of a policy on a thread of its own.
final class RunBeside: Sendable {
    let policy: PolicyID
    let work: JobControl
    private let thread: WorkerThread
    private let outcome: Monitor<Result<String?, any Error>?>

    init(_ policy: PolicyID, _ work: JobControl, _ body: @escaping @Sendable () throws -> String?) throws {
        self.policy = policy
        self.work = work
        let outcome = Monitor<Result<String?, any Error>?>(nil)
        self.outcome = outcome
        thread = try WorkerThread(named: "backup") {
            let result = Result { try body() }
            outcome.change { $0 = result }
        }
    }

    var isOver: Bool { outcome.read { $0 != nil } }

    /// Waits for the end.
    func result() -> Result<String?, any Error> {
        let result = outcome.wait { $0 }
        try? thread.join()
        return result
    }
}
