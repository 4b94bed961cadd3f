package import HostIO
package import Model

/// How the catalogue may be changed.
package enum CatalogueAccess: Sendable {
    /// The caller holds the cluster's lock.
    case locked
    /// Nobody does: it is taken for each change, and waited for, because work that was done is not to be lost.
    case locking
    /// The same, waited for as long as any command would.
    case trying

    /// To note a failure: whoever could not have the lock is not to wait for it once more, for longer.
    var afterFailure: CatalogueAccess { self == .locking ? .trying : self }
}

extension Cluster {
    /// Like ``updateCatalogue(_:)``.
    package func updateCatalogue(_ access: CatalogueAccess, _ purpose: String, _ change: (inout Catalogue) throws -> Void) throws {
        switch access {
        case .locked: try updateCatalogue(change)
        case .locking: try exclusivelyAtLast(purpose) { try updateCatalogue(change) }
        case .trying: try exclusively(purpose) { try updateCatalogue(change) }
        }
    }

    /// Runs `body` as a job of the history and notes in the catalogue what came of it: what it threw, or what `fault` or `flaw` says of a result that is not
    /// as it should be; the job of a result with a fault has failed. A history that cannot be written does not undo the work.
    package func recording<R>(
        _ command: String, _ job: JobControl? = nil, _ access: CatalogueAccess = .locked, flaw: (R) -> FailureCode? = { (_: R) in nil },
        fault: (R) -> Failure? = { (_: R) in nil }, _ body: () throws -> R
    ) throws -> R {
        let began = host.clock.now()
        let start = host.clock.monotonicNanoseconds()
        let result = Result { try logging(command, job, fault: fault, body) }
        let seconds = Double(host.clock.monotonicNanoseconds() &- start) / 1e9
        var outcome = "ok"
        var access = access
        switch result {
        case .success(let value): outcome = fault(value)?.code.rawValue ?? flaw(value)?.rawValue ?? outcome
        case .failure(let error):
            outcome = Failure(describing: error).code.rawValue
            access = access.afterFailure
        }
        let event = HistoryEvent(time: began, command: command, outcome: outcome, seconds: seconds)
        try? updateCatalogue(access, command) { $0.record(event) }
        return try result.get()
    }
}
