/// The kinds of failure that a caller can tell apart, each with an exit status of the command line.
///
/// The raw value is the stable code printed in `--json` output and in the manual. A test compares this table with
/// `docs/operations.md`.
package enum FailureCode: String, CaseIterable, Sendable, Codable {
    /// A flag or argument that makes no sense.
    case usage
    /// The cluster file cannot be read or says something wrong.
    case clusterFile = "cluster-file"
    /// What was named does not exist: a snapshot, a backup, a target, a store.
    case notFound = "not-found"
    /// What was to be made exists already.
    case exists
    /// The state of things forbids it: another cluster's snapshot, another release, a cluster that is not empty.
    case refused
    /// No key of the repository opens with this password, or there is no password.
    case password
    /// Another process holds the lock.
    case locked
    /// A store cannot be opened, captured or restored.
    case store
    /// The storage or target cannot be reached, read or written.
    case storage
    /// No space left where something was to be written.
    case space
    /// Data in a repository is damaged or missing.
    case damaged
    /// A quiesce hook failed or ran past its timeout.
    case hook
    /// The work was done, but some entries could not be read or changed while they were read.
    case incomplete
    /// Another installation of the cluster is the active one, or may be.
    case fenced
    /// Stopped by a signal or by the person asked.
    case cancelled
    /// Anything else: a defect in Holdfast.
    case `internal`

    /// The exit status of the process; 0 is success, 64 is what the argument parser uses for usage.
    package var exitStatus: Int32 {
        switch self {
        case .internal: 1
        case .usage: 64
        case .clusterFile: 3
        case .notFound: 4
        case .exists: 5
        case .refused: 6
        case .password: 7
        case .locked: 8
        case .store: 9
        case .storage: 10
        case .space: 11
        case .damaged: 12
        case .hook: 13
        case .incomplete: 14
        case .fenced: 15
        case .cancelled: 130
        }
    }
}

/// What went wrong, where, and what to do next: the one error that leaves the strategies and reaches a person.
package struct Failure: Error, Hashable, Sendable {
    package var code: FailureCode
    /// Lower case, no full stop, names the thing it is about.
    package var message: String
    /// What to do next: a command to run or a thing to look at.
    package var hint: String?
    /// The lower layer's own words.
    package var cause: String?

    package init(_ code: FailureCode, _ message: String, hint: String? = nil, cause: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    /// `message: cause`, without the hint.
    package var summary: String { cause.map { "\(message): \($0)" } ?? message }
}

/// An error of a lower layer that knows how it reads to a person.
package protocol FailureConvertible: Error {
    var failure: Failure { get }
}

extension Failure: FailureConvertible {
    package var failure: Failure { self }

    /// Any error as a failure: itself, its own conversion, or `internal` with its description as the cause.
    package init(describing error: any Error) {
        self = (error as? any FailureConvertible)?.failure ?? Failure(.internal, "unexpected error", cause: "\(error)")
    }
}
