import HostIO
import Testing

@Suite struct JobControlTests {
    @Test func `a job stops with the one that it follows, not the other way round`() {
        let leader = JobControl()
        let (first, second) = (JobControl(following: leader), JobControl(following: leader))
        first.cancel()
        #expect(first.isCancelled && !leader.isCancelled && !second.isCancelled)
        leader.cancel()
        #expect(second.isCancelled)
        #expect(throws: Cancelled.self) { try second.checkCancelled() }
    }

    @Test func `notes of the leader come first and come once, counters stay apart`() {
        let leader = JobControl()
        let job = JobControl(following: leader)
        leader.add(5, to: .bytesDone)
        job.note("own")
        leader.note("leader's")
        #expect(job.drainNotes() == ["leader's", "own"])
        #expect(job.drainNotes().isEmpty && leader.drainNotes().isEmpty)
        #expect(job.value(of: .bytesDone) == 0)
    }
}
