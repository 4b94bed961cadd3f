import HostIO
import Model
import Synchronization

/// What a thread that tries a directory shares with the one that waits for it: a mount may hang, and with it whatever looks at it.
final class ProbePace: Sendable {
    typealias Outcome = Result<Void, any Error>

    private struct State {
        var steps = 0
        var phase = ""
        var findings: [TargetAnalysis.Finding] = []
        var outcome: Outcome?
    }

    private let job: JobControl
    private let state = Monitor(State())
    private let isAbandoned = StopFlag()

    init(_ job: JobControl) { self.job = job }

    /// Between any two things that may hang.
    func step() throws {
        try isAbandoned.check()
        try job.checkCancelled()
        state.change { $0.steps += 1 }
    }

    func begin(phase: String) throws {
        try step()
        state.change { $0.phase = phase }
        job.begin(phase: phase)
    }

    func add(_ findings: [TargetAnalysis.Finding]) { state.change { $0.findings += findings } }

    var findings: [TargetAnalysis.Finding] { state.read { $0.findings } }

    /// Runs `body` on a thread of its own. Gives the phase that hangs when there was no step for as long as `patience`; the thread is then left alone, and
    /// ends at its next step. Throws what `body` throws, and ``Cancelled`` when the job was cancelled and nothing comes back.
    func watch(_ patience: Duration, _ body: @escaping @Sendable () throws -> Void) throws -> String? {
        let state = state
        _ = try WorkerThread(named: "analysis") {
            let outcome = Outcome { try body() }
            state.change { $0.outcome = outcome }
        }
        let clock = SystemClock()
        var (steps, since) = (0, clock.monotonicNanoseconds())
        while true {
            if let outcome = state.wait(atMost: .milliseconds(500), until: { $0.outcome }) {
                try outcome.get()
                return nil
            }
            let (now, present) = (clock.monotonicNanoseconds(), state.read { $0.steps })
            if present != steps { (steps, since) = (present, now) }
            let silence = Duration.nanoseconds(Int64(clamping: now - since))
            if job.isCancelled, silence > .seconds(2) { isAbandoned.set() }
            if silence > patience { isAbandoned.set() }
            guard isAbandoned.isSet else { continue }
            try job.checkCancelled()
            return state.read { $0.phase }
        }
    }
}
