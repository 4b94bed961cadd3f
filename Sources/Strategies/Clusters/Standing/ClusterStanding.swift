package import HostIO
package import Model

extension StateDirectory {
    static let standing = "standing.json"

    /// Nil as long as nobody has looked.
    package func standing() throws -> Standing? {
        guard let json = try read(Self.standing) else { return nil }
        return try NoticeCodec.decode(Standing.self, json, "standing", at: "\(path)/\(Self.standing)")
    }

    func save(_ standing: Standing) throws {
        try write(try NoticeCodec.encode(standing, "standing"), Self.standing)
    }

    static let standby = "standby.json"

    /// Nil where there is no standby, and where it has been promoted.
    package func standby() throws -> StandbyRecord? {
        guard let json = try read(Self.standby), try standing()?.role == .standby else { return nil }
        return try NoticeCodec.decode(StandbyRecord.self, json, "standby record", at: "\(path)/\(Self.standby)")
    }

    /// By whoever holds the cluster's lock.
    package func save(_ record: StandbyRecord) throws {
        try write(try NoticeCodec.encode(record, "standby record"), Self.standby)
    }

    package func eraseStandby() throws { try remove(Self.standby) }

    func lockStanding(host: Host, patience: LockPatience) throws -> FileLock {
        try takeLock("standing.lock", "a look at the epoch", host, patience)
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
        let lock = try state.lockStanding(host: host, patience: LockPatience(.seconds(patience), isOver: { EndingSignals.isAsked }))
        defer { lock.release() }
        let before = try state.standing()
        var standing = try before ?? standing()
        let result = try body(&standing)
        if standing != before { try state.save(standing) }
        return result
    }

    /// Reads the epoch in every target and does what follows from it: claims it, or stands down and runs the hook for that.
    @discardableResult
    package func lookAtEpochs() throws -> [StandingChange] {
        let known = try state.standing()
        var paths = try targets().filter { $0.record != nil }.map(\.path)
        for path in (known?.watched.map(\.target) ?? []) + [try state.standby()?.from].compactMap({ $0 }) where !paths.contains(path) {
            paths.append(path)
        }
        if known == nil, try paths.allSatisfy({ try sight(of: $0, nil).isNothing }) { return [] }
        return try changeStanding { standing in
            let looks = try paths.map { (target: $0, look: try sight(of: $0, standing)) }
            standing.doubts = looks.reduce(into: [:]) { if !$1.look.doubts.isEmpty { $0[$1.target] = $1.look.doubts } }
            for look in looks { standing.note(look.look.notices) }
            let sights = looks.map { (target: $0.target, sight: $0.look.sight) }
            let steps = standing.observe(sights, at: host.readClocks(), leaseSeconds: Double(file.standby.leaseMilliseconds) / 1000)
            if standing.doubts == [:] { standing.doubts = nil }
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
        guard let newest = try folder.newest(), newest.owner == standing.member else { return }
        let name = try targets().first { $0.path == target }?.name ?? "target"
        var notice = ActiveNotice(
            owner: standing.member, host: host.name, release: file.release, program: program, written: host.clock.now(), target: name,
            policies: try policies())
        notice.epoch = newest.epoch
        if var told = try folder.active()?.notice, notice.written.secondsSince(told.written) < 3600 {
            told.written = notice.written
            told.serial = nil
            if told == notice { return }
        }
        notice.serial = try changeStanding { $0.nextSerial() }
        try folder.publish(notice)
    }

    /// What a look at one target shows.
    private struct TargetLook {
        var sight: EpochSight
        var notices: [StandbyNotice] = []
        var doubts: [String] = []

        var isNothing: Bool { sight == .unwatched && doubts.isEmpty }
    }

    private func sight(of target: String, _ standing: Standing?) throws -> TargetLook {
        // Nobody can keep a standby from there.
        if HDFSAddress.isMeant(by: target) { return TargetLook(sight: .unwatched) }
        do {
            let look = try epochs(in: target).look()
            let notices = look.standbys.filter { standing?.isCurrent($0) ?? true }
            let old = look.standbys.filter { standing?.isCurrent($0) == false }.map {
                "the notice of \(printable($0.host)) is an older one than was there before: somebody put it back"
            }
            return TargetLook(
                sight: sight(look, notices, of: target, standing), notices: notices,
                doubts: look.doubts + old + [try olderThanKnown(look.active, in: target)].compactMap { $0 })
        } catch {
            let failure = Failure(describing: error)
            if failure.code == .damaged { return TargetLook(sight: .obscured, doubts: [failure.summary]) }
            // Of a mount that is gone nothing else is to be said.
            let isGone = failure.code == .storage || failure.code == .notFound
            return TargetLook(sight: .unreachable(failure.summary), doubts: isGone ? [] : [failure.summary])
        }
    }

    /// Of a standby: what it was told by the active one goes on counting, and a person hears of the older notice.
    package func olderThanKnown(_ shown: ActiveNotice?, in target: String) throws -> String? {
        guard let shown, let standby = try state.standby(), standby.from == target, let known = standby.notice, known.isNewer(than: shown)
        else {
            return nil
        }
        return "the notice of the active one, \(printable(shown.host)), is an older one than was there before: somebody put it back"
    }

    private func sight(_ look: EpochFolder.Look, _ notices: [StandbyNotice], of target: String, _ standing: Standing?) -> EpochSight {
        if let record = look.newest { return record.owner == standing?.member && notices.isEmpty ? .unwatched : .epoch(record) }
        // Written by a Holdfast that signed nothing, or forged: a person knows.
        if let highest = look.unsigned.max(), standing?.watched.contains(where: { $0.target == target && $0.isSigned != true }) == true {
            return .unreachable(
                "its records, up to epoch \(highest), are not signed: when an older Holdfast wrote them, holdfast standby override --accept-unsigned on the active one begins anew"
            )
        }
        let isWatched = standing?.watched.contains { $0.target == target && $0.lastEpoch > 0 } ?? false
        return notices.isEmpty && !isWatched ? .unwatched : .epoch(nil)
    }

    private func take(_ step: StandingStep, _ standing: inout Standing) throws -> [StandingChange] {
        switch step {
        case .claim(let target, let over, let reason):
            // Lost, the next look says to whom; a target that went away is tried again.
            do {
                let folder = try epochs(in: target)
                let record = try record(
                    after: max(over?.epoch ?? 0, standing.lastEpoch(in: target)), in: folder, owner: standing.member, reason)
                guard try folder.raise(record) == nil else { return [] }
                standing.own(target, record.epoch, at: host.readClocks())
                return [.claimed(record)]
            } catch { return [.hookFailed("the epoch in \(target) cannot be raised: \(Failure(describing: error).summary)")] }
        case .fenced: return standing.fencing.map { [.fenced($0)] } ?? []
        case .suspended: return standing.suspension.map { [.suspended($0)] } ?? []
        case .resumed: return [.resumed]
        }
    }

    /// A record that follows the number `after`: the largest that was ever seen there.
    package func record(
        after: UInt64, in folder: EpochFolder, owner: String, ownerHost: String? = nil, _ reason: EpochRecord.Reason, words: String? = nil,
        backup: String? = nil, token: String? = nil
    ) throws -> EpochRecord {
        EpochRecord(
            epoch: try folder.free(after: after), cluster: try catalogue().clusterID, owner: owner, host: ownerHost ?? host.name,
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
            try runHook(command, event, record.map { ["HOLDFAST_EPOCH": "\($0.epoch)"].merging(Self.owner($0.host)) { $1 } } ?? [:])
            return ""
        } catch {
            return Failure(describing: error).summary
        }
    }

    /// What a hook sees of a host that a record names: nothing of what is no host's name.
    package static func owner(_ host: String) -> [String: String] { HostName.proven(host).map { ["HOLDFAST_OWNER": $0] } ?? [:] }

    /// Runs a command of `standby:` in the cluster file. It sees HOLDFAST_EVENT, HOLDFAST_CLUSTER and `variables`. Throws `hook` when it fails or
    /// runs past its timeout. A signal ends it, unless it `runsOn`: a command that lets applications go on.
    package func runHook(
        _ command: String?, _ event: String, _ variables: [String: String] = [:], onEnding: ChildProcess.OnEnding = .endsToo
    ) throws {
        guard let command else { return }
        var process = ChildProcess.shell(command, timeout: .milliseconds(file.standby.timeoutMilliseconds))
        process.onEnding = onEnding
        process.environment.merge(["HOLDFAST_EVENT": event, "HOLDFAST_CLUSTER": file.name].merging(variables) { $1 }) { $1 }
        let result = try process.run()
        guard result.succeeded else {
            let words = printableLines(result.errorText, limit: 300)
            throw Failure(
                .hook, "the command “\(event)” \(result.ending.text)", hint: "run it by hand: \(command)",
                cause: words.isEmpty ? nil : words)
        }
    }
}
