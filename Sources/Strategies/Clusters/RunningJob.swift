package import HostIO
package import Model
import Synchronization

/// A job that is under way: its log is held as long as this is.
final class RunningJob: Sendable {
    let number: Int
    private let history: JobHistory
    private let log: SharedDescriptor
    private let began: UInt64
    private let state: Mutex<(record: JobRecord, bytes: Int)>

    init(_ record: JobRecord, in history: JobHistory, log: SharedDescriptor) {
        number = record.number
        self.history = history
        self.log = log
        began = history.host.clock.monotonicNanoseconds()
        state = Mutex((record, 0))
        tell("begun: \(record.command), for \(record.wanted)")
    }

    /// Several lines where it has several, the later ones indented.
    func tell(_ words: String) {
        let lines = words.split(whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() { write(index == 0 ? String(line) : "  \(line)") }
    }

    /// A log that cannot be written, or has become too long, stays as it is.
    private func write(_ line: String) {
        let bytes = Array(JobLogLine(line, at: history.host.clock.now()).stored.utf8)
        state.withLock { state in
            guard state.bytes < JobHistory.longestLog else { return }
            state.bytes += bytes.count
            let isLast = state.bytes >= JobHistory.longestLog
            try? log.descriptor.write(isLast ? Array(JobLogLine("more was told", at: history.host.clock.now()).stored.utf8) : bytes)
        }
    }

    /// `failure`: nil when it went well.
    func end(_ failure: Failure?) {
        let seconds = Double(history.host.clock.monotonicNanoseconds() &- began) / 1e9
        if let failure {
            tell("\(failure.code == .cancelled ? "stopped" : "failed"): \(failure.summary)")
            if let hint = failure.hint { tell("hint: \(hint)") }
        } else {
            tell("done in \(DurationText.spoken(seconds: seconds))")
        }
        change { $0.end(at: history.host.clock.now(), seconds: seconds, failure: failure) }
    }

    func skip(_ reason: String) {
        tell("skipped: \(reason)")
        change { $0.skip(reason, at: history.host.clock.now()) }
    }

    private func change(_ body: (inout JobRecord) -> Void) {
        let record = state.withLock { state in
            body(&state.record)
            return state.record
        }
        try? history.save(record)
    }
}

extension Cluster {
    package var jobs: JobHistory { JobHistory(state: state, host: host) }

    /// Runs `body` as a job of the history, whose log hears what `job` tells meanwhile. Needs no lock. `fault`: what is wrong with a result.
    package func logging<R>(
        _ command: String, _ job: JobControl?, fault: (R) -> Failure? = { (_: R) in nil }, _ body: () throws -> R
    ) throws -> R {
        guard let running = jobs.begin(command, cause: job?.cause, caller: job?.caller) else { return try body() }
        job?.isNoted(as: running.number)
        let before = job?.listen { running.tell($0) }
        defer { job?.listen(before) }
        do {
            let result = try body()
            if let job, let work = job.work { running.tell(work) }
            running.end(fault(result))
            return result
        } catch {
            running.end(Failure(describing: error))
            throw error
        }
    }
}

extension JobControl {
    /// What was read and stored so far; nil when that is nothing.
    fileprivate var work: String? {
        let (read, stored) = (value(of: .bytesDone), value(of: .bytesStored))
        guard read > 0 || stored > 0 else { return nil }
        let files = value(of: .filesDone)
        return "read \(ByteCount(UInt64(max(0, read))))" + (files > 0 ? " in \(counted(files, "file"))" : "")
            + ", stored \(ByteCount(UInt64(max(0, stored))))"
    }
}
