package import Model
import Synchronization

/// What a long job shares with whoever watches it: counters that only grow, the present phase, and a wish to stop.
///
/// Counters are relaxed atomics; a watcher polls them. Shared by all worker threads of a job.
package final class JobControl: Sendable {
    package enum Counter: Int, CaseIterable, Sendable {
        case bytesExpected, bytesDone, filesExpected, filesDone, bytesStored, issues
    }

    private let counters: Counters
    private let leader: JobControl?
    private let state = Mutex(State())

    private struct State {
        var phase = ""
        var notes: [String] = []
        var listener: (@Sendable (String) -> Void)?
        var number: Int?
    }

    /// Who wants the job, when that is not the person who runs the program: "snapshot policy".
    package let cause: String?
    /// Who asked for it over HTTP.
    package let caller: JobCaller?

    private final class Counters: Sendable {
        let values: [Cell] = (0..<Counter.allCases.count).map { _ in Cell() }
        let cancelled = Atomic<Bool>(false)
    }

    private final class Cell: Sendable {
        let value = Atomic<Int>(0)
    }

    /// One that follows a leader stops with it and passes its notes on; counters and phase are its own.
    package init(following leader: JobControl? = nil, cause: String? = nil, caller: JobCaller? = nil) {
        self.leader = leader
        self.caller = caller ?? leader?.caller
        self.cause = cause ?? leader?.cause
        counters = Counters()
    }

    package func add(_ amount: Int, to counter: Counter) {
        counters.values[counter.rawValue].value.wrappingAdd(amount, ordering: .relaxed)
    }

    package func value(of counter: Counter) -> Int { counters.values[counter.rawValue].value.load(ordering: .relaxed) }

    /// A few words for a person: "archiving uploads".
    package var phase: String { state.withLock { $0.phase } }

    package func begin(phase: String) {
        let isNew = state.withLock { state in
            defer { state.phase = phase }
            return state.phase != phase
        }
        if isNew { log(phase) }
    }

    /// Its number in the history of jobs, where it is noted there.
    package var number: Int? { state.withLock { $0.number } ?? leader?.number }

    package func isNoted(as number: Int) { state.withLock { $0.number = number } }

    /// A line for the log of the job alone.
    package func log(_ line: String) { state.withLock { $0.listener }?(line) }

    /// Hears phases, notes and lines of the log from now on, in place of who heard them before, who is given back.
    @discardableResult
    package func listen(_ listener: (@Sendable (String) -> Void)?) -> (@Sendable (String) -> Void)? {
        state.withLock { state in
            defer { state.listener = listener }
            return state.listener
        }
    }

    /// A line for a person that does not fit a counter; drained by the watcher in order.
    package func note(_ line: String) {
        state.withLock { $0.notes.append(line) }
        log(line)
    }

    package func drainNotes() -> [String] {
        (leader?.drainNotes() ?? [])
            + state.withLock { state in
                defer { state.notes = [] }
                return state.notes
            }
    }

    package func cancel() { counters.cancelled.store(true, ordering: .releasing) }

    package var isCancelled: Bool { counters.cancelled.load(ordering: .acquiring) || leader?.isCancelled ?? false }

    /// Throws ``Cancelled`` when the job was asked to stop; called between units of work.
    package func checkCancelled() throws(Cancelled) {
        if isCancelled { throw Cancelled() }
    }

    /// Pauses the calling thread, at most a tenth of a second past a wish to stop.
    package func sleep(for duration: Duration) {
        let clock = ContinuousClock()
        let end = clock.now + duration
        while !isCancelled {
            let left = end - clock.now
            guard left > .zero else { return }
            sleepThread(for: min(left, .milliseconds(100)))
        }
    }
}
