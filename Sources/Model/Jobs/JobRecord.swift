/// One piece of work on a cluster, as its history knows it.
package struct JobRecord: Hashable, Sendable, Codable {
    package enum Outcome: String, Sendable, Codable, CaseIterable {
        case running, done, failed
        /// Its process ended before it did.
        case interrupted
        /// Asked to end before it was done.
        case stopped
        /// Never begun: slots of a policy that had no run.
        case skipped
    }

    /// From 1 on, in the order of their beginning.
    package var number: Int
    /// "snapshot create nightly".
    package var command: String
    /// Who wanted it: "root", "snapshot policy".
    package var cause: String
    /// Of one that was asked for over HTTP. Nil in records of before.
    package var caller: JobCaller?
    package var process: Int32
    package var began: Timestamp
    /// Nil while it runs, and when nobody was left to note it.
    package var ended: Timestamp?
    /// By a clock that nobody sets.
    package var seconds: Double?
    package var outcome: Outcome
    package var code: FailureCode?
    /// Why it failed, or was skipped.
    package var message: String?
    package var hint: String?
    /// Nobody waits for it who would see its process end: work of the service. Nil in records of before.
    package var isUnattended: Bool?
    /// The run of the system that it began in (`boot_id`). Nil in records of before.
    package var boot: String?
    /// Of one that was interrupted: the whole host was started anew.
    package var hostRestarted: Bool?

    package init(number: Int, command: String, cause: String, process: Int32, began: Timestamp) {
        self.number = number
        self.command = command
        self.cause = cause
        self.process = process
        self.began = began
        outcome = .running
    }

    /// Who wanted it, as people read it: "root", "HTTP (alice, token ops)".
    package var wanted: String { caller.map { "\(cause) (\($0.text))" } ?? cause }

    /// `failure`: nil when it went well.
    package mutating func end(at now: Timestamp, seconds: Double, failure: Failure?) {
        ended = now
        self.seconds = seconds
        outcome = failure.map { $0.code == .cancelled ? .stopped : .failed } ?? .done
        code = failure?.code
        message = failure?.summary
        hint = failure?.hint
    }

    package mutating func skip(_ reason: String, at now: Timestamp) {
        ended = now
        seconds = 0
        outcome = .skipped
        message = reason
    }

    /// Found without the process that was to end it, in the run of the system that `boot` names.
    package mutating func interrupt(boot now: String) {
        guard outcome == .running else { return }
        outcome = .interrupted
        let restarted = boot.map { !$0.isEmpty && !now.isEmpty && $0 != now } ?? false
        hostRestarted = restarted ? true : nil
        message = restarted ? "the host was started anew before it was done" : "process \(process) ended before it was done"
    }
}

extension JobRecord {
    /// Sorted keys, indented, a line feed at the end.
    package func json() throws(Failure) -> [UInt8] {
        do { return try StableJSON.encode(self) } catch { throw Failure(.internal, "cannot write the record of a job", cause: "\(error)") }
    }

    /// Nil for what cannot be read.
    package init?(json: [UInt8]) {
        guard let record = StableJSON.decodeIfPossible(JobRecord.self, from: json) else { return nil }
        self = record
    }
}

/// A line of the log of a job.
package struct JobLogLine: Hashable, Sendable, Codable {
    package var time: Timestamp
    package var text: String

    package init(_ text: String, at time: Timestamp) {
        self.time = time
        self.text = printable(text, limit: Self.longest)
    }

    private static let longest = 2000

    /// "2026-11-26T02:00:00Z archiving uploads", with a line feed.
    package var stored: String { "\(time.text) \(text)\n" }

    /// Nil for what is no whole line.
    package init?(stored line: some StringProtocol) {
        let parts = line.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let time = Timestamp(text: String(parts[0])) else { return nil }
        self.time = time
        text = String(parts[1])
    }
}
