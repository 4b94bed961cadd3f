import Model

/// Who asked over HTTP.
struct CallerResult: Encodable {
    var user: OrNull<String>
    var address: OrNull<String>
    var token: String

    init(_ caller: JobCaller) {
        user = OrNull(caller.user)
        address = OrNull(caller.address)
        token = caller.token
    }

    static func json(_ caller: JobCaller) -> JSONValue {
        [
            "user": caller.user.map { .text($0) } ?? .null, "address": caller.address.map { .text($0) } ?? .null,
            "token": .text(caller.token),
        ]
    }
}

/// A job as `jobs` lists it.
struct JobLine: Encodable {
    var number: Int
    var command: String
    /// Who wanted it.
    var cause: String
    /// Of one that was asked for over HTTP.
    var caller: OrNull<CallerResult>
    var outcome: JobRecord.Outcome
    var began: Timestamp
    /// Null while it runs, and when it was interrupted.
    var ended: OrNull<Timestamp>
    var seconds: OrNull<Double>
    /// Of one that failed.
    var code: OrNull<FailureCode>
    /// Why it failed, or was skipped.
    var message: OrNull<String>
    var hint: OrNull<String>

    init(_ job: JobRecord) {
        number = job.number
        command = job.command
        cause = job.cause
        caller = OrNull(job.caller.map(CallerResult.init))
        outcome = job.outcome
        began = job.began
        ended = OrNull(job.ended)
        seconds = OrNull(job.seconds)
        code = OrNull(job.code)
        message = OrNull(job.message)
        hint = OrNull(job.hint)
    }
}

/// A job with its log.
struct JobResult: Encodable {
    private struct Details: Encodable {
        var log: [JobLogLine]
    }

    private let line: JobLine
    private let details: Details

    init(_ job: JobRecord, _ log: [JobLogLine]) {
        line = JobLine(job)
        details = Details(log: log)
    }

    func encode(to encoder: any Encoder) throws {
        try line.encode(to: encoder)
        try details.encode(to: encoder)
    }
}
