package import Clusters
package import HostIO
package import Model

/// Does by itself what the policies of one cluster want: snapshots one after the other, and beside them backups one after the other.
///
/// The loop itself only decides. What takes time is done on lanes beside it, so that neither a long run, a sync, a slow webhook nor a mount that hangs keeps
/// anything else from its time. What it knows of the past stands in the catalogue, so that a service that was stopped, killed or late goes on where it
/// was. The cluster file is read again for each run, so that a change of it needs no restart.
package final class PolicyService {
    package struct Options: Sendable {
        /// Policies and clocks are looked at anew so often: a clock that was set, a machine that slept and a changed policy are noticed.
        package var glance: Duration = .seconds(5)
        /// A wish to stop is heard so soon.
        package var slice: Duration = .milliseconds(200)
        /// Between two runs, commands that wait for the cluster get their turn.
        package var courtesy: Duration = .milliseconds(300)
        /// How long a run waits for a command; then it tries again.
        package var patience: Duration = .seconds(60)
        /// Between two looks at the health of the cluster, and between two heartbeats.
        package var watch: Duration = .seconds(Int64(AlertWatch.interval))
        /// A look that has not come back after so long hangs: a mount does. The heartbeat is withheld then, because nobody would be told anything.
        package var watchPatience: Duration = .seconds(300)
        /// Called once the service is the only one of its cluster; gives what is to be called when it is not any more.
        package var began: @Sendable () -> @Sendable () -> Void = { {} }
        /// Where things are done.
        package var lanes = LaneOrder.beside

        package enum LaneOrder: Sendable {
            /// On threads of their own, each kind of thing on one.
            case beside
            /// One after the other: for a clock that goes on only when the service sleeps.
            case inTurn
        }

        package init() {}
    }

    private let host: Host
    private let options: Options
    private let job: JobControl
    private let load: @Sendable () throws -> Cluster
    private let tell: @Sendable (ServiceEvent) -> Void
    private let supervisor: SupervisorSocket?
    private let errands: ServiceErrands
    private let began: Timestamp
    /// By the monotonic clock, when the last run of each policy in this process began.
    private var lastBegan: [PolicyID: UInt64] = [:]
    /// When the last run of each policy in this process ended.
    private var ends: [PolicyID: Timestamp] = [:]
    private var lanes = Lanes()
    /// By the monotonic clock, when each errand was begun last.
    private var lastErrand: [Lane: UInt64] = [:]
    /// By the monotonic clock: no run begins on the lane before.
    private var rest: [Lane: UInt64] = [:]
    /// Who owns the cluster was looked at once: a service that was down may have been replaced.
    private var hasLooked = false
    /// What went wrong on a lane, or (nil) in the loop itself: told once, not at each glance.
    private var troubles: [Lane?: String] = [:]

    /// `load` opens the cluster afresh. `job` stops the service; `tell` hears what it does.
    package init(
        host: Host, options: Options = Options(), supervisor: SupervisorSocket? = nil, job: JobControl,
        load: @escaping @Sendable () throws -> Cluster, tell: @escaping @Sendable (ServiceEvent) -> Void
    ) {
        self.host = host
        self.options = options
        self.supervisor = supervisor
        self.job = job
        self.load = load
        self.tell = tell
        errands = ServiceErrands(load: load, supervisor: supervisor, job: job)
        began = host.clock.now()
    }

    /// Serves until `job` is cancelled. Throws `refused` when another service does, or when the cluster is not protected (any more).
    package func run() throws {
        let cluster = try load()
        _ = try cluster.catalogue()
        let lock = try cluster.state.lockForService(host: host)
        defer { lock.release() }
        let end = options.began()
        defer { end() }
        say(.started, "serves cluster \(cluster.file.name), release \(cluster.file.release)")
        tellUnended(cluster)
        supervisor?.send("READY=1", "STATUS=waiting")
        defer {
            supervisor?.send("STOPPING=1")
            say(.stopped, "ended")
        }
        defer { endLanes() }
        while !job.isCancelled {
            let pause = try turn()
            sleep(for: pause)
        }
    }

    /// Makes the runs that are due, each at most once, and ends. Gives the failures.
    package func runOnce() throws -> [Failure] {
        let cluster = try load()
        _ = try cluster.catalogue()
        let lock = try cluster.state.lockForService(host: host)
        defer { lock.release() }
        tellUnended(cluster)
        var failures: [Failure] = []
        var done: Set<PolicyID> = []
        while !job.isCancelled {
            for lane in [Lane.epochs, .sync, .handover] { try runOnce(lane) }
            rest = [:]
            let cluster = try load()
            guard try mayRun(cluster), let due = try look(cluster, besides: done).due else { break }
            done.insert(due.policy)
            if let failure = try run(due, inTurn: true) { failures.append(failure) }
        }
        return failures
    }

    /// What took the process down before is said, so that it stands in the journal beside the end of the process; what did so again and again waits a while.
    private func tellUnended(_ cluster: Cluster) {
        for work in cluster.unendedWork() {
            say(.failed, work.message, failure: Failure(.internal, work.message, hint: work.concern.remedy))
            guard let pause = work.pause, let policy = try? cluster.policies().id(for: work.cause) else { continue }
            rest[Lane(of: policy)] = host.clock.monotonicNanoseconds() + nanoseconds(pause)
        }
    }

    private func runOnce(_ lane: Lane) throws {
        let work = JobControl(following: job, cause: "holdfast serve")
        defer { for note in work.drainNotes() { say(.note, note) } }
        for line in try errands.run(lane, work) { say(line.kind, line.message) }
    }

    /// One look at what there is to do, which is begun. Gives how long there is nothing to do.
    private func turn() throws -> Duration {
        do {
            for (lane, run) in lanes.all where run.isOver { end(lane, run, run.result()) }
            let cluster = try load()
            try beginErrands(cluster)
            guard hasLooked, try mayRun(cluster) else {
                troubles[nil] = nil
                return try glance(cluster)
            }
            let (due, next) = try look(cluster)
            troubles[nil] = nil
            if let due {
                _ = try run(due, inTurn: options.lanes == .inTurn)
                return .zero
            }
            let wait = next.map { Duration.seconds(max(0, $0.secondsSince(host.clock.now()))) } ?? options.glance
            return try min(glance(cluster), wait, restLeft)
        } catch {
            let failure = Failure(describing: error)
            // The cluster was deleted, or its state is another's.
            if failure.code == .refused { throw failure }
            tellTrouble(failure, on: nil)
            return options.glance
        }
    }

    /// Whether the policies of the cluster are to be followed here and now: not by a standby, nor by one that was fenced or makes way.
    private func mayRun(_ cluster: Cluster) throws -> Bool {
        guard let standing = try cluster.state.standing() else { return true }
        return standing.role == .active && standing.handover == nil
    }

    private func glance(_ cluster: Cluster) throws -> Duration {
        guard try cluster.state.standing() != nil else { return options.glance }
        return min(options.glance, .milliseconds(cluster.file.standby.glanceMilliseconds))
    }

    // MARK: Errands

    /// The epochs are looked at at least every minute, and a standby is brought up to date as often. One that wants to take over waits for an answer, so it
    /// is looked for at every glance.
    private func beginErrands(_ cluster: Cluster) throws {
        let look = Duration.milliseconds(cluster.file.standby.glanceMilliseconds)
        begin(.epochs, every: look)
        let role = try cluster.state.standing()?.role
        if role == .standby { begin(.sync, every: look) }
        if role == .active { begin(.handover, every: try glance(cluster)) }
        begin(.alerts, every: options.watch)
        if !isWatchHanging { begin(.heartbeat, every: options.watch) }
    }

    private func begin(_ lane: Lane, every interval: Duration) {
        let now = host.clock.monotonicNanoseconds()
        guard lanes[lane] == nil, lastErrand[lane].map({ .nanoseconds(Int64(clamping: now &- $0)) >= interval }) ?? true else { return }
        lastErrand[lane] = now
        let work = JobControl(following: job, cause: "holdfast serve")
        let errands = errands
        do {
            let run = try LaneRun(lane, work, at: now, inTurn: options.lanes == .inTurn) { try errands.run(lane, work) }
            if run.isOver { end(lane, run, run.result()) } else { lanes[lane] = run }
        } catch { tellTrouble(Failure(describing: error), on: lane) }
    }

    private var isWatchHanging: Bool {
        guard let look = lanes[.alerts], host.clock.monotonicNanoseconds() &- look.began > nanoseconds(options.watchPatience) else {
            return false
        }
        tellTrouble(
            Failure(
                .storage, "a look at the cluster's health does not come back; no heartbeat until it does",
                hint: "a mount hangs: look at the targets, or the alert command does not end"), on: .alerts)
        return true
    }

    /// Told once, until it goes well again.
    private func tellTrouble(_ failure: Failure, on lane: Lane?) {
        if troubles[lane] != failure.summary { say(.failed, failure.summary, failure: failure) }
        troubles[lane] = failure.summary
    }

    // MARK: Runs

    /// What is due; notes in the catalogue when a clock was put back.
    private func look(_ cluster: Cluster, besides done: Set<PolicyID> = []) throws -> (due: DueRun?, next: Timestamp?) {
        // A backup begins with a snapshot.
        guard lanes[.snapshots] == nil else { return (nil, nil) }
        let now = host.clock.now()
        let known = try cluster.policies()
        let settled = known.settled(at: now)
        if settled != known {
            say(.note, "the clock was put back; the next runs are counted from now")
            try cluster.exclusively("holdfast serve") {
                try cluster.updateCatalogue { $0.policies = $0.policies.settled(at: now) }
            }
        }
        var free = settled
        for policy in done { free.disable(policy) }
        if !isFree(.snapshots) { free.disable(.snapshots) }
        if !isFree(.backups) { for backup in free.backups { free.disable(.backup(backup.policy.name)) } }
        return free.agenda(at: now) { policy in lastBegan[policy].map { Double(host.clock.monotonicNanoseconds() &- $0) / 1e9 } }
    }

    private func isFree(_ lane: Lane) -> Bool { lanes[lane] == nil && rest[lane].map { host.clock.monotonicNanoseconds() >= $0 } ?? true }

    /// Until a lane that rests is free again.
    private var restLeft: Duration {
        let now = host.clock.monotonicNanoseconds()
        let left = rest.filter { $0.value > now && lanes[$0.key] == nil }.values.min()
        return left.map { .nanoseconds(Int64(clamping: $0 - now)) } ?? options.glance
    }

    /// Begins it; `inTurn`, gives what went wrong.
    private func run(_ due: DueRun, inTurn: Bool) throws -> Failure? {
        let run = PolicyRun(slot: due.slot, missed: due.missed, reason: due.missed > 0 ? reason(for: due) : nil)
        if due.missed > 0 { say(.missed, "missed \(counted(due.missed, "run")): \(run.reason ?? "")", policy: due.policy) }
        let again = due.failures > 0 ? ", try \(due.failures.addingSaturated(1))" : ""
        say(.running, "run for \(due.slot.readable)\(again)", policy: due.policy)
        supervisor?.send("STATUS=\(due.policy.text)")
        let now = host.clock.monotonicNanoseconds()
        lastBegan[due.policy] = now
        let (lane, work, load) = (Lane(of: due.policy), JobControl(following: job, cause: due.policy.text), load)
        let started = try LaneRun(lane, of: due.policy, work, at: now, inTurn: inTurn) {
            let message = try PolicyWork(cluster: try load(), job: work).run(due.policy, run)
            return [ServiceLine(.finished, message ?? "nothing to do any more")]
        }
        guard inTurn else {
            lanes[lane] = started
            return nil
        }
        return end(lane, started, started.result())
    }

    // MARK: Ends

    /// Tells what came of it. Gives what went wrong.
    @discardableResult
    private func end(_ lane: Lane, _ run: LaneRun, _ result: LaneRun.Outcome) -> Failure? {
        lanes[lane] = nil
        if lane == .epochs { hasLooked = true }
        for note in run.work.drainNotes() { say(.note, note, policy: run.policy) }
        if let policy = run.policy { return end(policy, lane, result) }
        switch result {
        case .success(let lines) where lane == .heartbeat:
            let trouble = lines.first?.message
            if let trouble, trouble != troubles[lane] { say(.note, trouble) }
            troubles[lane] = trouble
        case .success(let lines):
            for line in lines { say(line.kind, line.message) }
            troubles[lane] = nil
        case .failure(let error):
            let failure = Failure(describing: error)
            if failure.code != .cancelled { tellTrouble(failure, on: lane) }
            return failure
        }
        return nil
    }

    private func end(_ policy: PolicyID, _ lane: Lane, _ result: LaneRun.Outcome) -> Failure? {
        ends[policy] = host.clock.now()
        supervisor?.send("STATUS=\(lanes.all.compactMap { $0.run.policy }.first?.text ?? "waiting")")
        let now = host.clock.monotonicNanoseconds()
        switch result {
        case .success(let lines):
            for line in lines { say(line.kind, line.message, policy: policy) }
            for lane in [Lane.snapshots, .backups] { rest[lane] = now + nanoseconds(options.courtesy) }
            return nil
        case .failure(let error):
            let failure = Failure(describing: error)
            tell(of: failure, in: policy)
            rest[lane] = now + nanoseconds(options.glance)
            return failure
        }
    }

    private func tell(of failure: Failure, in policy: PolicyID) {
        switch failure.code {
        case .locked:
            lastBegan[policy] = nil
            say(.note, "waits: \(failure.summary)", policy: policy)
        case .cancelled: say(.note, "stopped; it is due again", policy: policy)
        default: say(.failed, failure.summary, policy: policy, failure: failure)
        }
    }

    /// Work is given up and waited for; what only looks or tells gets a moment, in which programs that do not end by themselves are killed.
    private func endLanes() {
        for (_, run) in lanes.all { run.work.cancel() }
        for (lane, run) in lanes.all {
            if let result = lane.isWork ? run.result() : run.result(atMost: .seconds(2)) { end(lane, run, result) }
        }
    }

    /// Why the slots before this one had no run.
    private func reason(for due: DueRun) -> String {
        if lastBegan[due.policy] == nil, due.slot.secondsSince(began) < 0 || ends.isEmpty { return "holdfast serve did not run" }
        if let end = ends[due.policy], let period = try? load().policies().schedule(of: due.policy)?.every.seconds,
            end >= due.slot.adding(seconds: -due.missed * period)
        {
            return "the run before took longer than the period"
        }
        let other = ends.filter { $0.key != due.policy && isInTurn($0.key, due.policy) && $0.value >= due.slot }.max { $0.value < $1.value }
        if let other { return "\(other.key.text) was at work" }
        if lastBegan[due.policy] == nil { return "holdfast serve did not run" }
        return "the clock was set forward, or the machine slept"
    }

    /// Whether `waiting` waits for `other`: a snapshot does not wait for a backup.
    private func isInTurn(_ other: PolicyID, _ waiting: PolicyID) -> Bool {
        options.lanes == .inTurn || other.backupName == nil || waiting.backupName != nil
    }

    private func sleep(for pause: Duration) {
        let until = host.clock.monotonicNanoseconds() + nanoseconds(pause)
        while !job.isCancelled {
            let now = host.clock.monotonicNanoseconds()
            if now >= until || lanes.isAnyOver { return }
            host.clock.sleep(for: min(options.slice, .nanoseconds(Int64(clamping: until - now))))
        }
    }

    /// Rounded up: the last nanosecond before a slot has to pass too.
    private func nanoseconds(_ pause: Duration) -> UInt64 { UInt64(max(0, pause / .nanoseconds(1)).rounded(.up)) }

    private func say(_ kind: ServiceEvent.Kind, _ message: String, policy: PolicyID? = nil, failure: Failure? = nil) {
        tell(ServiceEvent(kind, message, policy: policy, at: host.clock.now(), failure: failure))
    }
}
