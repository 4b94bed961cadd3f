package import Model

/// Something that a service tells.
package struct ServiceEvent: Hashable, Sendable, Encodable {
    package enum Kind: String, Sendable, Encodable {
        case started, running, finished, failed, missed, note, alert, stopped
        /// Who may act for the cluster has changed, or what a standby does.
        case standing
    }

    package var time: Timestamp
    package var event: Kind
    /// "snapshot policy", "backup policy nightly"; nil when it is about none.
    package var policy: String?
    package var message: String
    /// Of a failure.
    package var code: FailureCode?
    package var hint: String?

    init(_ event: Kind, _ message: String, policy: PolicyID? = nil, at time: Timestamp, failure: Failure? = nil) {
        self.time = time
        self.event = event
        self.policy = policy?.text
        self.message = message
        code = failure?.code
        hint = failure?.hint
    }

    /// One line for a log, without the time, which a journal adds.
    package var text: String {
        let subject = policy.map { "\($0): " } ?? ""
        return "\(subject)\(message)" + (hint.map { " (\($0))" } ?? "")
    }
}
