import HostIO
import Model

extension Cluster {
    /// Runs `body` and notes in the catalogue what came of it. Called by whoever holds the cluster's lock; a history that cannot be written
    /// does not undo the work.
    package func recording<R>(_ command: String, _ body: () throws -> R) throws -> R {
        let began = host.clock.now()
        let start = host.clock.monotonicNanoseconds()
        let result = Result { try body() }
        let seconds = Double(host.clock.monotonicNanoseconds() &- start) / 1e9
        let outcome: String
        switch result {
        case .success: outcome = "ok"
        case .failure(let error): outcome = Failure(describing: error).code.rawValue
        }
        try? updateCatalogue { $0.record(HistoryEvent(time: began, command: command, outcome: outcome, seconds: seconds)) }
        return try result.get()
    }
}

extension ChildProcess.Ending {
    /// "exited with status 3", "ran past its timeout": after the name of the command.
    package var text: String {
        switch self {
        case .exited(let status): "exited with status \(status)"
        case .signalled(let signal): "was ended by signal \(signal)"
        case .timedOut: "ran past its timeout"
        }
    }
}
