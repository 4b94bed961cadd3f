import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import StoreContract

/// The steps of a promotion, those that are done passed over.
struct PromotionRun {
    let standby: OfflineStandby
    let request: PromotionRequest
    var record: StandbyRecord
    let job: JobControl
    private var stores: [FilledStore] = []
    private var notes: [String] = []

    init(standby: OfflineStandby, request: PromotionRequest, record: StandbyRecord, job: JobControl) {
        self.standby = standby
        self.request = request
        self.record = record
        self.job = job
    }

    private var cluster: Cluster { standby.cluster }
    private var settings: StandbySettings { cluster.file.standby }

    private var promotion: Promotion {
        get throws {
            guard let promotion = record.promotion else { throw Failure(.internal, "no promotion is under way") }
            return promotion
        }
    }

    mutating func run() throws -> PromotionOutcome {
        if try promotion.isPlanned { try step(.handover) { try $0.askForHandover() } }
        // A last look before the epoch is raised: it may take long, and until then the primary is at work.
        if try !promotion.isDone(.epoch) { try fetch() }
        try step(.epoch) { try $0.raiseEpoch() }
        try step(.fetch) { try $0.fetch() }
        try step(.fence) { try $0.fence() }
        try step(.apply) { try $0.apply() }
        try step(.start) { try $0.standby.reopenStores(job: $0.job) }
        let hooks = try variables()
        try step(.open) { try $0.cluster.runHook($0.settings.onPromote, "promote", hooks) }
        try step(.check) { try $0.check(hooks) }
        try step(.takeOver) { try $0.takeOver() }
        return try finish()
    }

    private mutating func step(_ step: Promotion.Step, _ body: (inout PromotionRun) throws -> Void) throws {
        guard try !promotion.isDone(step) else { return }
        try job.checkCancelled()
        job.begin(phase: "promoting: \(step.rawValue)")
        let start = cluster.host.clock.monotonicNanoseconds()
        try body(&self)
        record.promotion?.done.append(Promotion.Done(step: step, seconds: standby.since(start)))
        try standby.save(record)
    }

    /// Nothing was raised yet: the standby goes on as one.
    private mutating func giveUp() throws {
        record.promotion = nil
        try standby.save(record)
    }

    // MARK: Steps

    private mutating func askForHandover() throws {
        let handover = HandoverWait(standby: standby, record: record, promotion: try promotion, patience: request.patience, job: job)
        do {
            let raised = try handover.run()
            record.promotion?.epoch = raised.epoch
            record.promotion?.done.append(Promotion.Done(step: .epoch, seconds: 0))
        } catch {
            try giveUp()
            throw error
        }
    }

    /// The newest backup comes here, as far as the target can be reached; one that was asked for is here.
    private mutating func fetch() throws {
        guard try promotion.at == nil else { return }
        do { _ = try standby.fetchNewest(&record, job) } catch {
            let failure = Failure(describing: error)
            // What the active cluster wrote last is to be in it.
            if try failure.code == .cancelled || promotion.isPlanned { throw failure }
            notes.append("the newest backup could not be fetched: \(failure.summary)")
            job.note(notes.last ?? "")
        }
    }

    private mutating func raiseEpoch() throws {
        let member = try cluster.standing().member
        let folder = try standby.folder(record)
        do {
            let newest = try folder.newest()
            if let newest, newest.owner == member, try newest.token == promotion.token {
                record.promotion?.epoch = newest.epoch
                return
            }
            let expected = try promotion.over
            let last = max(newest?.epoch ?? 0, EpochNumber.remembered(expected))
            let wanted = try cluster.record(
                after: last, in: folder, owner: member, .promotion, backup: try chosen().entry.manifest.name.text,
                token: try promotion.token)
            let first = newest.flatMap { $0.epoch > expected ? $0 : nil }
            if let winner = try first ?? folder.raise(wanted) {
                try giveUp()
                throw Failure(
                    .fenced, "somebody else was first: \(winner.host) owns the cluster with epoch \(winner.epoch)",
                    hint: "this one goes on as a standby: holdfast standby sync -c \(cluster.file.path)")
            }
            record.promotion?.epoch = wanted.epoch
        } catch {
            let failure = Failure(describing: error)
            guard request.withoutTarget, failure.code == .storage || failure.code == .notFound else {
                if failure.code == .storage || failure.code == .notFound {
                    try giveUp()
                    throw Failure(
                        failure.code, "the epoch cannot be raised, so nothing was changed: \(failure.message)",
                        hint:
                            "mount the target; when it is gone as well, and the old primary is certainly off: holdfast standby promote --without-target -c \(cluster.file.path)",
                        cause: failure.cause)
                }
                throw failure
            }
            record.promotion?.epoch = 0
            notes.append("the epoch is raised as soon as the target is there: until then nothing tells the old primary that it is fenced")
            job.note(notes.last ?? "")
        }
    }

    private mutating func fence() throws {
        guard try !promotion.isPlanned else { return }
        do { try cluster.runHook(settings.fence, "fence", try variables()) } catch {
            try job.checkCancelled()
            var failure = Failure(describing: error)
            guard request.withoutFence else {
                failure.hint = [
                    failure.hint,
                    "the epoch is raised; standby promote goes on, with --without-fence when you have made sure that the old primary is off",
                ].compactMap { $0 }.joined(separator: "; ")
                throw failure
            }
            notes.append(failure.summary)
        }
    }

    private func chosen() throws -> (entry: RepositoryEntry, reader: EntryReader) {
        let (entries, reader) = try standby.points()
        let name = try promotion.at
        guard let entry = name == nil ? entries.last : entries.last(where: { $0.manifest.name == name }) else { throw standby.noPoint }
        return (entry, reader)
    }

    private mutating func apply() throws {
        let (entry, reader) = try chosen()
        let start = cluster.host.clock.monotonicNanoseconds()
        notes += standby.notedWrites(since: record, try standby.points().entries, reader, job: job).map(\.words)
        stores = try standby.apply(entry, reader, trusting: true, &record, job: job)
        record.promotion?.point = entry.point
        job.note("the stores are at \(entry.manifest.name), in \(DurationText.spoken(seconds: standby.since(start)))")
    }

    /// What the hooks see.
    private func variables() throws -> [String: String] {
        ["HOLDFAST_EPOCH": "\(try promotion.epoch ?? 0)", "HOLDFAST_BACKUP": try chosen().entry.manifest.name.text]
    }

    /// A fault is told and does not take the promotion back: the old primary is fenced.
    private mutating func check(_ hooks: [String: String]) throws {
        do { try cluster.runHook(settings.check, "check", hooks) } catch {
            try job.checkCancelled()
            record.promotion?.fault = Failure(describing: error).summary
        }
    }

    /// Policies, target and role: from here on this is the active one.
    private mutating func takeOver() throws {
        let path = record.from
        let declared = cluster.file.targets.first { $0.path == path }?.name
        let told = record.notice
        let baselines = try baselines()
        try cluster.updateCatalogue { catalogue in
            for baseline in baselines { catalogue.noteBaseline(baseline) }
            let name = declared ?? catalogue.targets.first { $0.path == path }?.name ?? told?.target ?? "target"
            if catalogue.target(named: name) == nil {
                try catalogue.addTarget(TargetRecord(name: name, path: path, added: cluster.host.clock.now()))
            }
            if let told { catalogue.policies = told.policies.retargeted(from: told.target, to: name) }
        }
        if told == nil {
            notes.append(
                "no policies were taken over: the old primary has told none, since it did nothing after this standby began; "
                    + "make them here: holdfast backup policy create NAME, and holdfast target ls for the target")
        }
        let epoch = try promotion.epoch ?? 0
        let known = epoch > 0 ? epoch : record.epoch ?? 0
        try standby.save(record)
        do { try standby.folder(record).unregister(try cluster.standing().member) } catch {
            notes.append("the target still lists this host as a standby: \(Failure(describing: error).summary)")
        }
        try cluster.changeStanding { $0.own(path, known, at: cluster.host.readClocks(), isOwed: epoch == 0) }
    }

    /// What the stores hold now, and where, is right: the first images of this place are compared with that, and not with those of the old one. The
    /// clocks of the two may differ.
    private func baselines() throws -> [StoreBaseline] {
        let entry = try chosen().entry
        let cuts = [entry.manifest.cut.began, record.newest?.cutBegan].compactMap { $0?.adding(seconds: 1) }
        let instant = (cuts + [cluster.host.clock.now()]).max() ?? cluster.host.clock.now()
        return entry.manifest.stores.map { stored in
            var there = stored
            there.place = cluster.file.store(named: stored.name).flatMap { (try? cluster.adapter(for: $0).place()) ?? nil }
            return StoreBaseline(there, at: instant, source: "the promotion with \(entry.manifest.name)")
        }
    }

    private mutating func finish() throws -> PromotionOutcome {
        let promotion = try promotion
        guard let point = promotion.point else { throw standby.noPoint }
        let now = cluster.host.clock.now()
        let loss = promotion.isPlanned ? 0 : max(0, promotion.began.secondsSince(point.cutBegan))
        let policies = record.notice?.policies.backups.count ?? 0
        try standby.erase()
        cluster.publishNotices()
        return PromotionOutcome(
            promotion: promotion, point: point, lossSeconds: loss, seconds: max(0, now.secondsSince(promotion.began)), stores: stores,
            notes: notes, policies: policies)
    }
}
