import HostIO
package import Model

extension StateDirectory {
    var standingPath: String { "\(path)/standing.json" }
    private var standingLockPath: String { "\(path)/standing.lock" }

    /// Nil as long as nobody has looked.
    package func standing() throws -> Standing? {
        guard let json = try AtomicFile.readIfPresent(standingPath) else { return nil }
        return try NoticeCodec.decode(Standing.self, json, "standing", at: standingPath)
    }

    func save(_ standing: Standing) throws {
        try makeDirectories(path)
        try AtomicFile.write(try NoticeCodec.encode(standing, "standing"), to: standingPath)
    }

    var standbyPath: String { "\(path)/standby.json" }

    /// Nil where there is no standby, and where it has been promoted.
    package func standby() throws -> StandbyRecord? {
        guard let json = try AtomicFile.readIfPresent(standbyPath), try standing()?.role == .standby else { return nil }
        return try NoticeCodec.decode(StandbyRecord.self, json, "standby record", at: standbyPath)
    }

    /// By whoever holds the cluster's lock.
    package func save(_ record: StandbyRecord) throws {
        try AtomicFile.write(try NoticeCodec.encode(record, "standby record"), to: standbyPath)
    }

    package func eraseStandby() throws { try removeTree(standbyPath) }

    func lockStanding(host: Host, patience: LockPatience) throws -> FileLock {
        try makeDirectories(path)
        return try FileLock.take(standingLockPath, purpose: "a look at the epoch", host: host, patience: patience)
    }
}

/// What a look at the targets has changed.
package enum StandingChange: Hashable, Sendable {
    case claimed(EpochRecord)
    case fenced(Standing.Fencing)
    case suspended(Standing.Suspension)
    case resumed
    /// Of a command that was run for one of these, and failed.
    case hookFailed(String)
}

extension StandingChange {
    package var text: String {
        switch self {
        case .claimed(let record): "owns the cluster with epoch \(record.epoch)"
        case .fenced(let fencing):
            "fenced: \(fencing.record.host) took over with epoch \(fencing.record.epoch) (\(fencing.record.reason.rawValue))"
        case .suspended(let suspension): "suspended: the lease on \(suspension.target) ran out: \(suspension.reason)"
        case .resumed: "resumed: the target says that nobody took over"
        case .hookFailed(let text): text
        }
    }
}

extension Cluster {
    /// Whether this installation may act for the cluster; that of one that has never looked is active.
    package func standing() throws -> Standing { try state.standing() ?? Standing(member: host.randomHex(bytes: 16)) }

    /// Changes the standing durably, one after the other.
    package func changeStanding<R>(_ body: (inout Standing) throws -> R) throws -> R {
        let patience = Double(file.standby.timeoutMilliseconds) / 1000 + 30
        let lock = try state.lockStanding(host: host, patience: .seconds(patience))
        defer { lock.release() }
        let before = try state.standing()
        var standing = try before ?? standing()
        let result = try body(&standing)
        if standing != before { try state.save(standing) }
        return result
    }

    package func epochs(in target: String) throws -> EpochFolder {
        EpochFolder(target: target, cluster: try catalogue().clusterID, host: host)
    }

    /// Reads the epoch in every target and does what follows from it: claims it, or stands down and runs the hook for that.
    @discardableResult
    package func lookAtEpochs() throws -> [StandingChange] {
        let known = try state.standing()
        let places = try targets().filter { $0.record != nil }.map(\.path)
        let paths = places + (known?.watched.map(\.target).filter { !places.contains($0) } ?? [])
        if known == nil, try paths.allSatisfy({ try sight(of: $0, "") == .unwatched }) { return [] }
        return try changeStanding { standing in
            let sights = try paths.map { (target: $0, sight: try sight(of: $0, standing.member)) }
            let steps = standing.observe(sights, at: host.readClocks(), leaseSeconds: Double(file.standby.leaseMilliseconds) / 1000)
            // Before any hook: a fenced cluster stays fenced whatever happens to the hook.
            try state.save(standing)
            let changes = try steps.flatMap { try take($0, &standing) }
            return try changes + runStandingHooks(&standing)
        }
    }

    /// Throws `fenced` when this installation may not do that now, `refused` when a place of the cluster lies in another one.
    package func checkMay(_ action: Action) throws {
        try checkOverlaps()
        try lookAtEpochs()
        try state.standing()?.allow(action, cluster: file.name, file: file.path)
    }

    /// Tells the standbys what they will need when they take over. What keeps it from being told is no failure of who asks: it is told next time.
    package func publishNotices() {
        guard let standing = try? state.standing(), standing.role == .active else { return }
        for watched in standing.watched where watched.isOwed != true { try? publish(to: watched.target, standing) }
    }

    private func publish(to target: String, _ standing: Standing) throws {
        let folder = try epochs(in: target)
        guard try folder.newest()?.owner == standing.member else { return }
        let name = try targets().first { $0.path == target }?.name ?? "target"
        let notice = ActiveNotice(
            owner: standing.member, host: host.name, release: file.release, program: program, written: host.clock.now(), target: name,
            policies: try policies())
        if var told = try folder.active()?.notice, notice.written.secondsSince(told.written) < 3600 {
            told.written = notice.written
            if told == notice { return }
        }
        try folder.publish(notice)
    }

    private func sight(of target: String, _ member: String) throws -> EpochSight {
        do {
            let folder = try epochs(in: target)
            if let record = try folder.newest() {
                return try record.owner == member && folder.standbyNotices().isEmpty ? .unwatched : .epoch(record)
            }
            return try folder.standbyNotices().isEmpty ? .unwatched : .epoch(nil)
        } catch {
            return .unreachable(Failure(describing: error).summary)
        }
    }

    private func take(_ step: StandingStep, _ standing: inout Standing) throws -> [StandingChange] {
        switch step {
        case .claim(let target, let over, let reason):
            // Lost, the next look says to whom; a target that went away is tried again.
            do {
                let record = try record(over: over, owner: standing.member, reason)
                guard try epochs(in: target).raise(record) == nil else { return [] }
                standing.own(target, record.epoch, at: host.readClocks())
                return [.claimed(record)]
            } catch { return [.hookFailed("the epoch in \(target) cannot be raised: \(Failure(describing: error).summary)")] }
        case .fenced: return standing.fencing.map { [.fenced($0)] } ?? []
        case .suspended: return standing.suspension.map { [.suspended($0)] } ?? []
        case .resumed: return [.resumed]
        }
    }

    /// A record that follows `over`.
    package func record(
        over: EpochRecord?, owner: String, ownerHost: String? = nil, _ reason: EpochRecord.Reason, words: String? = nil,
        backup: String? = nil, token: String? = nil
    ) throws -> EpochRecord {
        EpochRecord(
            epoch: (over?.epoch ?? 0) + 1, cluster: try catalogue().clusterID, owner: owner, host: ownerHost ?? host.name,
            writer: "\(host.user) on \(host.name)", raised: host.clock.now(), reason: reason, words: words, backup: backup,
            token: token ?? host.randomHex(bytes: 16))
    }

    /// Hooks that have not run, or failed: they are tried at every look.
    private func runStandingHooks(_ standing: inout Standing) throws -> [StandingChange] {
        var changes: [StandingChange] = []
        if let fencing = standing.fencing, fencing.hook != "" {
            let outcome = run(file.standby.onFenced, "on-fenced", fencing.record)
            standing.fencing?.hook = outcome
            if !outcome.isEmpty { changes.append(.hookFailed(outcome)) }
        }
        if let suspension = standing.suspension, suspension.hook != "" {
            let outcome = run(file.standby.onSuspended, "on-suspended", nil)
            standing.suspension?.hook = outcome
            if !outcome.isEmpty { changes.append(.hookFailed(outcome)) }
        }
        return changes
    }

    /// Empty when there is no such command, or it went well.
    private func run(_ command: String?, _ event: String, _ record: EpochRecord?) -> String {
        do {
            try runHook(command, event, record.map { ["HOLDFAST_EPOCH": "\($0.epoch)", "HOLDFAST_OWNER": $0.host] } ?? [:])
            return ""
        } catch {
            return Failure(describing: error).summary
        }
    }

    /// Runs a command of `standby:` in the cluster file. It sees HOLDFAST_EVENT, HOLDFAST_CLUSTER and `variables`. Throws `hook` when it fails or
    /// runs past its timeout.
    package func runHook(_ command: String?, _ event: String, _ variables: [String: String] = [:]) throws {
        guard let command else { return }
        var process = ChildProcess.shell(command, timeout: .milliseconds(file.standby.timeoutMilliseconds))
        process.environment.merge(["HOLDFAST_EVENT": event, "HOLDFAST_CLUSTER": file.name].merging(variables) { $1 }) { $1 }
        let result = try process.run()
        guard result.succeeded else {
            let words = printable(result.errorText, limit: 300)
            throw Failure(
                .hook, "the command “\(event)” \(result.ending.text)", hint: "run it by hand: \(command)",
                cause: words.isEmpty ? nil : words)
        }
    }
}
