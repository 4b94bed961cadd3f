import HostIO
import Model
import Snapshots
import StoreContract

/// The operator's own checks on stores that were restored into a scratch place.
struct DrillChecks {
    let stores: [String: any RehearsedStore]
    let scratch: String
    let backup: SnapshotName
    let clock: any WallClock

    struct Outcome {
        var report: DrillReport.Check
        /// What was answered in place of what was expected.
        var answer: String?
    }

    func run(_ check: OperatorCheck) -> Outcome {
        let start = clock.monotonicNanoseconds()
        var answer: String?
        var problem: String?
        var verdict = DrillReport.Verdict.failed
        do { (answer, problem) = try ask(check) } catch {
            let failure = Failure(describing: error)
            problem = failure.summary
            // Nothing is wrong with the backup.
            if failure.code == .incomplete { verdict = .unproven }
        }
        let seconds = Double(clock.monotonicNanoseconds() &- start) / 1e9
        if problem == nil { verdict = .passed }
        let report = DrillReport.Check(name: check.name, store: check.store, verdict: verdict, problem: problem, seconds: seconds)
        return Outcome(report: report, answer: problem == nil ? nil : answer)
    }

    /// The answer, and what is wrong with it.
    private func ask(_ check: OperatorCheck) throws -> (String?, String?) {
        var store: (any RehearsedStore)?
        if let name = check.store {
            guard let known = stores[name] else { return (nil, "the store \(name) could not be restored, or is not in this backup") }
            store = known
        }
        switch check.question {
        case .sql(let sql, let database):
            let answer = try store?.answer(sql, in: database, limit: check.timeoutMilliseconds) ?? ""
            return (answer, compare(answer, with: check.expected))
        case .command(let command):
            let outcome = try process(command, store, check).run()
            guard outcome.succeeded else { return (outcome.errorText, "the command \(outcome.ending.text)") }
            return (outcome.outputText, compare(outcome.outputText, with: check.expected))
        }
    }

    private func compare(_ answer: String, with expected: String?) -> String? {
        guard let expected, Self.trimmed(answer) != Self.trimmed(expected) else { return nil }
        return "the answer is not what is expected"
    }

    private static func trimmed(_ text: String) -> Substring {
        var text = text[...]
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    /// In the scratch directory, with nothing in its environment but what says where the stores are. It ends with this process.
    private func process(_ command: String, _ store: (any RehearsedStore)?, _ check: OperatorCheck) -> ChildProcess {
        var variables = ChildProcess.minimalEnvironment
        variables["HOLDFAST_BACKUP"] = backup.text
        variables["HOLDFAST_SCRATCH"] = scratch
        for (name, store) in stores { variables[RehearsalVariables.path(ofStore: name)] = store.path }
        variables.merge(store?.environment ?? [:]) { $1 }
        var words = ["setpriv", "--pdeathsig=KILL", "--", "/bin/sh", "-c", command]
        if let held = store?.held {
            words = ["/bin/sh", "-c", "exec \(RehearsedPlace.descriptor)<\"$1\"; shift; exec \"$@\"", "sh", held] + words
        }
        return ChildProcess(
            words, environment: variables, workingDirectory: scratch, timeout: .milliseconds(check.timeoutMilliseconds))
    }
}
