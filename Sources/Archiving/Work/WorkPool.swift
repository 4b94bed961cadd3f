package import HostIO

/// Jobs for a fixed number of threads, until none is left and none can come.
///
/// Urgent jobs are taken first, in order; then ordinary and then late ones, newest first, so that a walk goes into the depth and few
/// directories are open in the middle. A job may push more. Tokens stand for buffers: whoever needs one and gets none does urgent jobs
/// meanwhile, which give tokens back.
package final class WorkPool<Job: Sendable>: Sendable {
    package enum Lane: Sendable { case urgent, ordinary, late }

    enum Room: Sendable {
        case token
        case job(Job)
    }

    private struct State: Sendable {
        var urgent: [Job?] = []
        var urgentHead = 0
        var ordinary: [Job] = []
        var late: [Job] = []
        /// Threads that are at a job.
        var active = 0
        var tokens: Int
        var problem: (any Error)?

        mutating func takeUrgent() -> Job? {
            guard urgentHead < urgent.count else { return nil }
            let job = urgent[urgentHead].take()
            urgentHead += 1
            if urgentHead == urgent.count {
                urgent.removeAll(keepingCapacity: true)
                urgentHead = 0
            } else if urgentHead >= 256 {
                urgent.removeFirst(urgentHead)
                urgentHead = 0
            }
            return job
        }

        mutating func take() -> Job? { takeUrgent() ?? ordinary.popLast() ?? late.popLast() }
    }

    private let monitor: Monitor<State>

    package init(tokens: Int = 0) { monitor = Monitor(State(tokens: tokens)) }

    package func push(_ job: Job, _ lane: Lane) { push(CollectionOfOne(job), lane) }

    package func push(_ jobs: some Collection<Job>, _ lane: Lane) {
        guard !jobs.isEmpty else { return }
        monitor.change { state in
            switch lane {
            case .urgent: state.urgent.append(contentsOf: jobs.lazy.map { $0 })
            case .ordinary: state.ordinary.append(contentsOf: jobs)
            case .late: state.late.append(contentsOf: jobs)
            }
        }
    }

    /// Waits for a token or an urgent job.
    func tokenOrUrgent() throws -> Room {
        try monitor.wait { state -> Room? in
            if let problem = state.problem { throw problem }
            if state.tokens > 0 {
                state.tokens -= 1
                return .token
            }
            return state.takeUrgent().map(Room.job)
        }
    }

    func giveBackToken() { monitor.change { $0.tokens += 1 } }

    /// Wakes all, who throw `error`. The first error stays; what was to be done is dropped.
    func fail(_ error: any Error) {
        let dropped = monitor.change { state -> [Job] in
            if state.problem == nil { state.problem = error }
            defer {
                (state.urgent, state.ordinary, state.late) = ([], [], [])
                state.urgentHead = 0
            }
            return state.urgent.compactMap { $0 } + state.ordinary + state.late
        }
        // Outside of the lock: what a job holds may give back a token.
        withExtendedLifetime(dropped) {}
    }

    /// Works on `threads` threads, each with a worker of its own, until all is done; the first error stops all and is thrown. `finish` is
    /// called by each thread that has come to the end.
    package func run<Worker>(
        threads: Int, named name: String, job control: JobControl, worker makeWorker: @Sendable () throws -> Worker,
        finish: @Sendable (Worker) -> Void = { (_: Worker) in }, onFailure: @escaping @Sendable (any Error) -> Void = { _ in },
        _ body: @Sendable (Worker, Job) throws -> Void
    ) throws {
        let fail: @Sendable (any Error) -> Void = { error in
            self.fail(error)
            onFailure(error)
        }
        try runWorkers(threads, named: name, onFailure: fail) { _ in
            let worker = try makeWorker()
            var wasActive = false
            while let job = try self.next(wasActive: &wasActive) {
                try control.checkCancelled()
                try body(worker, job)
            }
            finish(worker)
        }
    }

    private func next(wasActive: inout Bool) throws -> Job? {
        var ended = wasActive
        let job = try monitor.wait { state -> Job?? in
            if ended { state.active -= 1 }
            ended = false
            if let problem = state.problem { throw problem }
            if let job = state.take() {
                state.active += 1
                return .some(job)
            }
            return state.active == 0 ? .some(nil) : nil
        }
        wasActive = job != nil
        return job
    }
}
