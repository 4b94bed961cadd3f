package import Clusters
package import HostIO
package import Model
import Standby

/// Does by itself what the policies of one cluster want: snapshots one after the other, and beside them backups one after the other.
///
/// What it knows of the past stands in the catalogue, so that a service that was stopped, killed or late goes on where it was. The cluster file is read
/// again for each run, so that a change of it needs no restart.
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
        /// Called once the service is the only one of its cluster; gives what is to be called when it is not any more.
        package var began: @Sendable () -> @Sendable () -> Void = { {} }
        /// Where backups are made.
        package var backups = BackupLane.beside

        package enum BackupLane: Sendable {
            /// On a thread of their own, while snapshots go on.
            case beside
            /// In turn with the snapshots: for a clock that goes on only when the service sleeps, and for ``PolicyService/runOnce()``.
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
    private let began: Timestamp
    /// By the monotonic clock, when the last run of each policy in this process began.
    private var lastBegan: [PolicyID: UInt64] = [:]
    /// When the last run of each policy in this process ended.
    private var ends: [PolicyID: Timestamp] = [:]
    private var watch: AlertWatch?
    private var lastBeat: UInt64?
    private var lastBeatTrouble: String?
    /// When the targets were last asked who owns the cluster; nil: not yet.
    private var lastLook: UInt64?
    /// Told once, not at each glance.
    private var lastTrouble: String?
    /// The backup that is being made.
    private var backup: RunBeside?

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
        began = host.clock.now()
    }

    /// Serves until `job` is cancelled. Throws `refused` when another service does, or when the cluster is not protected (any more).
    package func run() throws {
        let cluster = try load()
        _ = try cluster.catalogue()
        let lock = try cluster.state.lockForService(host: host)
        defer { lock.release() }
        try? cluster.jobs.settle()
        watch = AlertWatch(cluster)
        let end = options.began()
        defer { end() }
        say(.started, "serves cluster \(cluster.file.name), release \(cluster.file.release)")
        supervisor?.send("READY=1", "STATUS=waiting")
        defer {
            supervisor?.send("STOPPING=1")
            say(.stopped, "ended")
        }
        defer {
            backup?.work.cancel()
            endBackup()
        }
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
        try? cluster.jobs.settle()
        var failures: [Failure] = []
        var done: Set<PolicyID> = []
        while !job.isCancelled, try isActive(), let due = try look(besides: done).due {
            done.insert(due.policy)
            if let failure = perform(due) { failures.append(failure) }
        }
        return failures
    }

    /// One look at the policies, and the run that is due. Gives how long there is nothing to do.
    private func turn() throws -> Duration {
        do {
            if let backup, backup.isOver { endBackup() }
            guard try isActive() else {
                lastTrouble = nil
                try tellAlerts()
                return try lookInterval()
            }
            let (due, next) = try look(isBackupUnderWay: backup != nil)
            try tellAlerts()
            lastTrouble = nil
            if let due {
                if options.backups == .beside, due.policy.backupName != nil {
                    backup = try begin(due)
                    return .zero
                }
                return perform(due) == nil ? options.courtesy : options.glance
            }
            let wait = next.map { Duration.seconds(max(0, $0.secondsSince(host.clock.now()))) } ?? options.glance
            return try min(lookInterval(), wait)
        } catch {
            let failure = Failure(describing: error)
            // The cluster was deleted, or its state is another's.
            if failure.code == .refused { throw failure }
            if lastTrouble != failure.summary { say(.failed, failure.summary, failure: failure) }
            lastTrouble = failure.summary
            return options.glance
        }
    }

    /// Whether the policies of the cluster are to be followed here. Asks the targets who owns the cluster, at least every minute; a standby is brought
    /// up to date on the way.
    private func isActive() throws -> Bool {
        let cluster = try load()
        let now = host.clock.monotonicNanoseconds()
        let interval = UInt64(cluster.file.standby.glanceMilliseconds) * 1_000_000
        if lastLook.map({ now &- $0 >= interval }) ?? true {
            lastLook = now
            for change in try cluster.lookAtEpochs() { say(.standing, change.text) }
            cluster.publishNotices()
            try keepInSync(cluster)
        }
        try answerStandbys(cluster)
        return try cluster.state.standing().map { $0.role == .active } ?? true
    }

    private func lookInterval() throws -> Duration {
        let cluster = try load()
        guard try cluster.state.standing() != nil else { return options.glance }
        return min(options.glance, .milliseconds(cluster.file.standby.glanceMilliseconds))
    }

    /// A standby that wants to take over waits for that; so it is asked for at every glance.
    private func answerStandbys(_ cluster: Cluster) throws {
        try beside { work in
            for line in try Handover(cluster).answer(job: work) { say(.standing, line) }
        }
    }

    private func keepInSync(_ cluster: Cluster) throws {
        try beside { work in
            let standby = OfflineStandby(cluster)
            guard try standby.current() != nil, try standby.isBehind() else { return }
            supervisor?.send("STATUS=standby sync")
            defer { supervisor?.send("STATUS=waiting") }
            do { say(.standing, StandbyWords.line(try standby.sync(job: work))) } catch {
                guard Failure(describing: error).code == .cancelled else { throw error }
                if !job.isCancelled { say(.note, "the sync makes room for a promotion") }
            }
        }
    }

    private func beside(_ body: (JobControl) throws -> Void) throws {
        let work = JobControl(following: job, cause: "holdfast serve")
        defer { for note in work.drainNotes() { say(.note, note) } }
        do { try body(work) } catch {
            var failure = Failure(describing: error)
            // `refused` would end the service; this may pass.
            if failure.code == .refused { failure.code = .storage }
            throw failure
        }
    }

    private func tellAlerts() throws {
        guard var watch else { return }
        defer { self.watch = watch }
        let cluster = try load()
        for notice in try watch.look(cluster) {
            say(.alert, "\(notice.text) (\(notice.remedy))")
            for trouble in AlertSinks(of: cluster).send(notice) { say(.note, trouble) }
        }
        try beat(cluster)
    }

    /// Once a minute. That it cannot be heard is told once, until it can again.
    private func beat(_ cluster: Cluster) throws {
        let now = host.clock.monotonicNanoseconds()
        if let lastBeat, now &- lastBeat < AlertWatch.interval * 1_000_000_000 { return }
        lastBeat = now
        let trouble = AlertSinks(of: cluster).beat()
        if let trouble, trouble != lastBeatTrouble { say(.note, trouble) }
        lastBeatTrouble = trouble
    }

    /// What is due; notes in the catalogue when a clock was put back.
    private func look(
        besides done: Set<PolicyID> = [], isBackupUnderWay: Bool = false
    ) throws -> (due: DueRun?, next: Timestamp?) {
        let cluster = try load()
        let now = host.clock.now()
        let known = try cluster.policies()
        let settled = known.settled(at: now)
        if settled != known {
            say(.note, "the clock was put back; the next runs are counted from now")
            try cluster.exclusively("holdfast serve") {
                try cluster.updateCatalogue { $0.policies = $0.policies.settled(at: now) }
            }
        }
        var rest = settled
        for policy in done { rest.disable(policy) }
        if isBackupUnderWay { for backup in rest.backups { rest.disable(.backup(backup.policy.name)) } }
        return rest.agenda(at: now) { policy in lastBegan[policy].map { Double(host.clock.monotonicNanoseconds() &- $0) / 1e9 } }
    }

    /// Nil when it went well.
    private func perform(_ due: DueRun) -> Failure? {
        let (run, work) = announce(due)
        let result = Result { try PolicyWork(cluster: try load(), job: work).run(due.policy, run) }
        return conclude(due.policy, work, result)
    }

    /// The same on a thread of its own; ``endBackup()`` hears what came of it.
    private func begin(_ due: DueRun) throws -> RunBeside {
        let (run, work) = announce(due)
        let load = load
        return try RunBeside(due.policy, work) { try PolicyWork(cluster: try load(), job: work).run(due.policy, run) }
    }

    /// Waits for the backup that is being made, if there is one.
    private func endBackup() {
        guard let backup else { return }
        self.backup = nil
        _ = conclude(backup.policy, backup.work, backup.result())
    }

    private func announce(_ due: DueRun) -> (run: PolicyRun, work: JobControl) {
        let run = PolicyRun(slot: due.slot, missed: due.missed, reason: due.missed > 0 ? reason(for: due) : nil)
        if due.missed > 0 { say(.missed, "missed \(counted(due.missed, "run")): \(run.reason ?? "")", policy: due.policy) }
        let again = due.failures > 0 ? ", try \(due.failures + 1)" : ""
        say(.running, "run for \(due.slot.readable)\(again)", policy: due.policy)
        supervisor?.send("STATUS=\(due.policy.text)")
        lastBegan[due.policy] = host.clock.monotonicNanoseconds()
        return (run, JobControl(following: job, cause: due.policy.text))
    }

    /// Nil when it went well.
    private func conclude(_ policy: PolicyID, _ work: JobControl, _ result: Result<String?, any Error>) -> Failure? {
        ends[policy] = host.clock.now()
        supervisor?.send("STATUS=\(backup.map { $0.policy.text } ?? "waiting")")
        for note in work.drainNotes() { say(.note, note, policy: policy) }
        switch result {
        case .success(let message):
            say(.finished, message ?? "nothing to do any more", policy: policy)
            return nil
        case .failure(let error):
            let failure = Failure(describing: error)
            tell(of: failure, in: policy)
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

    /// Whether one waits for the other.
    private func isInTurn(_ one: PolicyID, _ other: PolicyID) -> Bool {
        options.backups == .inTurn || (one.backupName == nil) == (other.backupName == nil)
    }

    private func sleep(for pause: Duration) {
        // Rounded up: the last nanosecond before a slot has to pass too.
        let until = host.clock.monotonicNanoseconds() + UInt64(max(0, pause / .nanoseconds(1)).rounded(.up))
        while !job.isCancelled {
            let now = host.clock.monotonicNanoseconds()
            if now >= until || backup?.isOver == true { return }
            host.clock.sleep(for: min(options.slice, .nanoseconds(Int64(clamping: until - now))))
        }
    }

    private func say(_ kind: ServiceEvent.Kind, _ message: String, policy: PolicyID? = nil, failure: Failure? = nil) {
        tell(ServiceEvent(kind, message, policy: policy, at: host.clock.now(), failure: failure))
    }
}
