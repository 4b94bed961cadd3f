import Model
import Testing

@Suite struct UnendedWorkTests {
    private func job(
        _ number: Int, _ outcome: JobRecord.Outcome, _ command: String = "snapshot policy", cause: String = "snapshot policy",
        unattended: Bool? = true, restarted: Bool? = nil
    ) -> JobRecord {
        var job = JobRecord(number: number, command: command, cause: cause, process: 7, began: Timestamp(seconds: Int64(number)))
        (job.outcome, job.isUnattended, job.hostRestarted) = (outcome, unattended, restarted)
        return job
    }

    @Test("One run that took the service down is a warning, two in a row are critical, and one that comes to an end settles it")
    func counted() {
        let once = UnendedWork.among([job(1, .done), job(2, .interrupted)])
        #expect(once.map(\.times) == [1] && once[0].job == 2 && !once[0].isLoop && once[0].concern.severity == .warning)
        let twice = UnendedWork.among([job(1, .interrupted), job(2, .skipped), job(3, .interrupted), job(4, .running)])
        #expect(twice.map(\.times) == [2] && twice[0].concern.severity == .critical)
        #expect(twice[0].concern.message.contains("2 runs of snapshot policy") && twice[0].concern.remedy.contains("jobs show 3"))
        for end in [JobRecord.Outcome.done, .failed, .stopped] {
            #expect(UnendedWork.among([job(1, .interrupted), job(2, .interrupted), job(3, end)]).isEmpty)
        }
    }

    @Test("A restart of the host, a command that somebody watched, and records of before count for nothing")
    func others() {
        #expect(UnendedWork.among([job(1, .interrupted, restarted: true), job(2, .interrupted, restarted: true)]).isEmpty)
        #expect(UnendedWork.among([job(1, .interrupted, unattended: nil)]).isEmpty)
        let between = UnendedWork.among([job(1, .interrupted), job(2, .interrupted, restarted: true), job(3, .interrupted)])
        #expect(between.map(\.times) == [2])
    }

    @Test("A drill that takes the service down again and again is told, whatever its backup is called and however well backups go")
    func kinds() {
        let policy = "backup policy nightly"
        let jobs = (0..<3).flatMap { round in
            [
                job(2 * round + 1, .done, "backup policy nightly", cause: policy),
                job(2 * round + 2, .interrupted, "backup drill nightly-\(round) --target nas", cause: policy),
            ]
        }
        let found = UnendedWork.among(jobs)
        #expect(found.map(\.times) == [3] && found[0].command == "backup drill nightly-2 --target nas")
    }

    @Test("An interruption is told from a restart of the host, and records of before are read")
    func records() throws {
        var here = job(1, .running)
        here.boot = "a"
        var there = here
        here.interrupt(boot: "a")
        there.interrupt(boot: "b")
        #expect(here.hostRestarted == nil && here.message == "process 7 ended before it was done")
        #expect(there.hostRestarted == true && there.message?.contains("host") == true)
        #expect(try JobRecord(json: there.json()) == there)
        let old = #"{"number": 1, "command": "c", "cause": "root", "process": 2, "began": "2026-01-01T00:00:00Z", "outcome": "running"}"#
        var record = try #require(JobRecord(json: Array(old.utf8)))
        record.interrupt(boot: "b")
        #expect(record.outcome == .interrupted && record.hostRestarted == nil && record.isUnattended == nil)
    }
}
