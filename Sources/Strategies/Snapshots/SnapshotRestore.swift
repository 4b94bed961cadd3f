package import Clusters
package import HostIO
package import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import StoreContract

/// A restore that is planned: the plan to show, and what executing it needs.
package struct PreparedRestore: Sendable {
    package let plan: RestorePlan
    package let held: HeldEntry
    let isUndo: Bool
    /// Stores that could not be compared and stay as they are.
    package let failures: [StoreFailure]

    package var entry: RepositoryEntry { held.entry }
}

extension Snapshots {
    private static let safetyLifetime = TimeToLive.seconds(7 * 86_400)

    /// Looks at what restoring `name` would change, without changing anything. `stores`: nil for all of the snapshot.
    package func prepareRestore(_ name: String, stores: [String]?, releaseChange: ReleaseChange, job: JobControl) throws -> PreparedRestore
    {
        try prepareRestore(name, stores: stores, releaseChange: releaseChange, isUndo: false, job: job)
    }

    private func prepareRestore(
        _ name: String, stores: [String]?, releaseChange: ReleaseChange, isUndo: Bool, job: JobControl
    ) throws -> PreparedRestore {
        let (held, listing) = try hold(name, releaseChange)
        let (entry, reader, repository) = (held.entry, held.reader, try cluster.storage())
        let records = try chosen(stores, of: entry.manifest)
        job.begin(phase: "checking the snapshot")
        let check = try repository.check([entry.stored], data: .none, job: job)
        if let problem = check.problems.first(where: \.isLoss) {
            throw Failure(
                .damaged, "the snapshot \(name) is damaged; nothing was changed",
                hint: "holdfast snapshot validate \(name) says what is affected",
                cause: problem.text)
        }
        job.begin(phase: "comparing")
        let (compared, failures) = try advisingWhenFull(besides: [entry.id]) { try compare(records, in: entry, reader, job) }
        let chosen = records.filter { record in compared.contains { $0.store == record.name } }
        let plan = RestorePlan(
            snapshot: entry.manifest.name, cut: entry.manifest.cut.began, release: entry.manifest.cluster.release,
            cluster: try cluster.identity(),
            stores: compared, untouched: entry.manifest.stores.map(\.name).filter { name in !chosen.contains { $0.name == name } },
            safety: try safetyName(besides: listing.entries.map(\.manifest.name)), freeForSafety: try repository.storage.space()?.free,
            warnings: failures.map { "\($0.failure.summary): it stays as it is" } + (try goingOn(entry, chosen)) + (try warnings(chosen)),
            moved: try moved(chosen), madeAt: cluster.host.clock.now())
        return PreparedRestore(plan: plan, held: held, isUndo: isUndo, failures: failures)
    }

    /// The snapshot of that name, to be restored, under a lock; and all that there are.
    func hold(_ name: String, _ releaseChange: ReleaseChange) throws -> (held: HeldEntry, listing: EntryListing) {
        try refuseHalfCluster()
        try cluster.checkOverlaps()
        let repository = try cluster.storage()
        let lock = try repository.lock(.read, patience: .seconds(30))
        let (listing, reader) = try EntryReader.list(.snapshot, in: repository)
        let entry = try restorable(name, from: listing, onto: try cluster.identity(), releaseChange)
        return (HeldEntry(entry, reader, under: lock), listing)
    }

    /// Throws `refused` for one of another cluster or release, `notFound` with the nearest name.
    private func restorable(
        _ name: String, from listing: EntryListing, onto identity: ClusterIdentity, _ releaseChange: ReleaseChange
    ) throws -> RepositoryEntry {
        let own = listing.entries.filter { $0.manifest.cluster.id == identity.id }
        let isOwn = own.contains { $0.manifest.name.text == name }
        let entry = try pick(name, from: isOwn ? own : listing.entries, what: "snapshot") { $0.manifest.name.text }
        try entry.manifest.checkRestorable(onto: identity, releaseChange: releaseChange)
        return entry
    }

    /// A cluster restore that did not end goes on first: what it has filled and what not is known to it alone.
    private func refuseHalfCluster() throws {
        guard let restoring = try cluster.catalogue().restoring, restoring.places != nil else { return }
        throw Failure(
            .refused, "the restore of the backup \(restoring.name) into this cluster did not end",
            hint: "go on with it: holdfast cluster restore \(restoring.name) --from PATH -c \(cluster.file.path)")
    }

    private func chosen(_ names: [String]?, of manifest: Manifest) throws -> [StoreRecord] {
        guard let names else { return manifest.stores }
        return try names.map { name in try pick(name, from: manifest.stores, what: "store") { $0.name } }
    }

    private func warnings(_ records: [StoreRecord]) throws -> [String] {
        try records.filter { try !isReadable($0) }.map {
            "\($0.name) cannot be read as it is: what is left of it is replaced, and undo cannot bring it back"
        }
            + records.compactMap { $0.completeness.shortcoming(of: $0.name).map { "the snapshot does not hold all of its store: \($0)" } }
            + records.filter { $0.lacking == .unknown }.map {
                "\($0.name): it is not known which entries the snapshot lacks, so nothing that is there is deleted"
            }
            + records.filter { $0.precision == .fuzzy }.map {
                "\($0.name): its files were read one after the other over \(DurationText.spoken(seconds: $0.ended.secondsSince($0.began)))"
            }
    }

    private func goingOn(_ entry: RepositoryEntry, _ records: [StoreRecord]) throws -> [String] {
        let catalogue = try cluster.catalogue()
        let stores = records.map(\.name)
        if let first = catalogue.wayBack(of: entry.id.hex, onto: stores, existing: try existing()) {
            return ["this restore was interrupted and goes on: undo goes back to \(first.name), from before it began"]
        }
        return catalogue.halfDone.filter { stores.contains($0.store) }.map {
            "\($0.store) is half restored from \($0.snapshot): undo goes back to that half"
        }
    }

    /// Ids of all snapshots in the storage.
    private func existing() throws -> Set<String> { Set(try cluster.storage().snapshots().snapshots.map(\.id.hex)) }

    private func isReadable(_ record: StoreRecord) throws -> Bool {
        let adapter = try cluster.adapter(for: try declaration(of: record))
        return (try? adapter.open()) != nil
    }

    /// Two restores in one second, or after the clock was put back, need different names.
    private func safetyName(besides taken: [SnapshotName]) throws -> SnapshotName {
        try freeName("safety-\(cluster.host.clock.now().compact)", besides: taken)
    }

    func declaration(of record: StoreRecord) throws -> StoreDeclaration {
        guard let store = cluster.file.store(named: record.name) else {
            throw Failure(
                .refused, "the snapshot holds the store \(record.name), which \(cluster.file.path) does not name any more",
                hint: "add it to the cluster file again, or restore the others: --store NAME")
        }
        return store
    }

    /// Throws when no store can be compared.
    private func compare(
        _ records: [StoreRecord], in entry: RepositoryEntry, _ reader: EntryReader, _ job: JobControl
    ) throws -> (changes: [StoreChanges], failures: [StoreFailure]) {
        var changes: [StoreChanges] = []
        var failures: [StoreFailure] = []
        for record in records {
            do { changes.append(try self.changes(of: record, in: entry, reader, job)) } catch {
                guard !error.endsRestores, Failure(describing: error).code != .space else { throw error }
                failures.append(StoreFailure(store: record.name, error))
            }
        }
        if changes.isEmpty, let failure = failures.together { throw failure }
        return (changes, failures)
    }

    private func changes(of record: StoreRecord, in entry: RepositoryEntry, _ reader: EntryReader, _ job: JobControl) throws -> StoreChanges
    {
        do {
            let adapter = try cluster.adapter(for: try declaration(of: record)).under(RestoreTerms(lacking: record.lacking))
            let image = try cluster.image(of: record, in: entry, reader)
            let plan = try adapter.planRestore(of: image, scratch: try cluster.scratch(), job: job)
            return StoreChanges(plan, of: record, toSave: toSave(try? adapter.open(), plan, record))
        } catch {
            throw Failure(describing: error).about(store: record.name)
        }
    }

    /// A store that cannot be read is left out of the safety snapshot; of one with native images it holds nothing but their names.
    private func toSave(_ status: StoreStatus?, _ plan: StoreRestorePlan, _ record: StoreRecord) -> UInt64? {
        guard let status, !status.nativeImages else { return 0 }
        return record.image == .archived ? plan.bytesAtStake : status.bytes
    }

    /// Takes the safety snapshot, then applies store by store, each planned afresh and checked afterwards. One that fails does not keep the others
    /// back.
    ///
    /// When something fails, the catalogue says so, the same command goes on from there, and `undo` goes back.
    package func restore(_ prepared: PreparedRestore, privileges: Privileges = .leftOut, job: JobControl) throws -> RestoreOutcome {
        let name = prepared.plan.snapshot
        return try cluster.exclusively("snapshot restore \(name)") {
            try cluster.checkMay(.restore)
            return try cluster.recording("snapshot restore \(name)", job, fault: { (outcome: RestoreOutcome) in outcome.failures.together })
            {
                try advisingWhenFull(besides: [prepared.entry.id]) {
                    try withExtendedLifetime(prepared.held) { try restoreLocked(prepared, privileges, job: job) }
                }
            }
        }
    }

    private func restoreLocked(_ prepared: PreparedRestore, _ privileges: Privileges, job: JobControl) throws -> RestoreOutcome {
        let start = cluster.host.clock.monotonicNanoseconds()
        let plan = prepared.plan
        let stores = plan.stores.map(\.store)
        guard !plan.isEmpty else {
            try noteWhole(stores)
            try cluster.updateCatalogue { catalogue in for store in stores { catalogue.noteEqual(store) } }
            return try outcome(prepared, [], prepared.failures, safety: nil, since: start, job)
        }
        try checkStillThere(prepared)
        job.begin(phase: "safety snapshot")
        let way = try begin(prepared, stores, job)
        var done: [FilledStore] = []
        var failures = prepared.failures
        for record in prepared.entry.manifest.stores where stores.contains(record.name) {
            do {
                done.append(
                    try cluster.fill(
                        try declaration(of: record), with: record, of: prepared.entry, prepared.held.reader, privileges: privileges,
                        job: job)
                )
            } catch {
                guard !error.endsRestores else {
                    throw interrupted(Failure(describing: error).about(store: record.name), after: done, plan.snapshot)
                }
                failures.append(failure(of: record.name, error, plan.snapshot, job))
                continue
            }
            try noteWhole([record.name])
            noteBaseline(record, plan.snapshot)
        }
        return try outcome(prepared, done, failures, safety: way, since: start, job)
    }

    /// Takes the safety snapshot and notes what is being restored. Gives the name of what `undo` will go back to.
    private func begin(_ prepared: PreparedRestore, _ stores: [String], _ job: JobControl) throws -> SnapshotName? {
        let plan = prepared.plan
        let request = SnapshotRequest(
            name: try plan.safety ?? safetyName(besides: []), reason: "before restoring \(plan.snapshot)", style: .safety,
            timeToLive: Self.safetyLifetime, unreadableStores: .leaveOut)
        let safety = try takeSafety(request, before: prepared.entry.id, job)
        let taken = SafetyRecord(
            snapshotID: safety.id.hex, name: request.name, taken: safety.manifest.created, before: plan.snapshot,
            stores: stores.filter { safety.manifest.store(named: $0) != nil })
        let record = RestoreRecord(
            snapshotID: prepared.entry.id.hex, name: plan.snapshot, began: cluster.host.clock.now(), safetySnapshotID: taken.snapshotID,
            stores: stores, isUndo: prepared.isUndo ? true : nil)
        let existing = try existing()
        try cluster.updateCatalogue { $0.beginRestore(record, taken: taken, existing: existing) }
        return try cluster.catalogue().safety?.name
    }

    /// A store that equals its image is whole again, also when there was nothing to do.
    private func noteWhole(_ stores: [String]) throws {
        let half = Set(try cluster.catalogue().halfDone.map(\.store))
        guard !half.isDisjoint(with: stores) else { return }
        try cluster.updateCatalogue { catalogue in for store in stores { catalogue.noteWhole(store) } }
    }

    /// The store holds what a person wanted it to hold: snapshots are compared with that from now on. It is restored, whether that can be noted or not.
    private func noteBaseline(_ record: StoreRecord, _ snapshot: SnapshotName) {
        var restored = record
        restored.place = (try? cluster.adapter(for: declaration(of: record)).place()) ?? nil
        let baseline = StoreBaseline(restored, at: cluster.host.clock.now(), source: "the restore of \(snapshot)")
        try? cluster.updateCatalogue { $0.noteBaseline(baseline) }
    }

    /// Lines about stores that lie in another place than when the snapshot was taken, and than when they were last known to be right.
    private func moved(_ records: [StoreRecord]) throws -> [String] {
        let catalogue = try cluster.catalogue()
        return records.compactMap { record in
            guard let before = record.place, let now = (try? cluster.adapter(for: declaration(of: record)).place()) ?? nil, now != before,
                catalogue.baseline(of: record.name).map({ $0.isFirstLook == true || $0.place != now }) ?? true
            else { return nil }
            return
                "\(record.name) lies in another place than when the snapshot was taken: \(now), where it was \(before); is everything mounted?"
        }
    }

    private func outcome(
        _ prepared: PreparedRestore, _ done: [FilledStore], _ failures: [StoreFailure], safety: SnapshotName?, since start: UInt64,
        _ job: JobControl
    ) throws -> RestoreOutcome {
        RestoreOutcome(
            snapshot: prepared.plan.snapshot, stores: done, failures: failures, safety: safety, halfDone: try cluster.catalogue().halfDone,
            job: job.number, seconds: Double(cluster.host.clock.monotonicNanoseconds() &- start) / 1e9)
    }

    /// The others go on.
    private func failure(of store: String, _ error: any Error, _ snapshot: SnapshotName, _ job: JobControl) -> StoreFailure {
        var failed = StoreFailure(store: store, error)
        failed.failure.hint = [
            failed.failure.hint,
            "the other stores are restored; holdfast snapshot restore \(snapshot) --store \(store) goes on, holdfast snapshot undo goes back",
        ].compactMap { $0 }.joined(separator: "; ")
        job.log("failed: \(failed.failure.summary)")
        return failed
    }

    private func takeSafety(_ request: SnapshotRequest, before id: SnapshotID, _ job: JobControl) throws -> RepositoryEntry {
        do {
            return try createLocked(request, sparing: [id], job: job).entry
        } catch {
            var failure = Failure(describing: error)
            failure.message = "no safety snapshot could be taken, nothing was changed: \(failure.message)"
            throw failure
        }
    }

    /// Between plan and execution, while somebody reads the plan, the snapshot may have been deleted.
    private func checkStillThere(_ prepared: PreparedRestore) throws {
        let repository = try cluster.storage()
        guard try repository.snapshots().snapshots.contains(where: { $0.id == prepared.entry.id }) else {
            throw Failure(
                .notFound, "the snapshot \(prepared.plan.snapshot) was deleted meanwhile; nothing was changed",
                hint: "holdfast snapshot ls shows the others")
        }
    }

    private func interrupted(_ failure: Failure, after done: [FilledStore], _ snapshot: SnapshotName) -> Failure {
        var failure = failure
        let finished = done.isEmpty ? "no store was finished" : "finished: \(done.map(\.name).joined(separator: ", "))"
        failure.message = "the restore stopped (\(finished)): \(failure.message)"
        failure.hint = [failure.hint, "holdfast snapshot undo goes back to before; holdfast snapshot restore \(snapshot) goes on"]
            .compactMap { $0 }
            .joined(separator: "; ")
        return failure
    }

    /// The restore of the last safety snapshot; goes on with an undo that was interrupted.
    package func prepareUndo(job: JobControl) throws -> PreparedRestore {
        guard let (snapshot, stores) = try cluster.catalogue().undoing else {
            throw Failure(.notFound, "there is no restore to undo", hint: "holdfast snapshot ls shows the snapshots to restore from")
        }
        guard try list().snapshots.contains(where: { $0.name == snapshot }) else {
            throw Failure(
                .notFound, "the last restore cannot be undone: its safety snapshot \(snapshot) is gone",
                hint: "holdfast snapshot ls shows the snapshots to restore from")
        }
        return try prepareRestore(snapshot.text, stores: stores, releaseChange: .allowed, isUndo: true, job: job)
    }
}

extension StoreChanges {
    init(_ plan: StoreRestorePlan, of record: StoreRecord, toSave: UInt64?) {
        self.init(
            store: record.name, created: plan.created, replaced: plan.replaced, deleted: plan.deleted, metadataOnly: plan.metadataOnly,
            leftOvers: plan.leftOvers,
            unchanged: plan.unchanged, bytesToWrite: plan.bytesToWrite, bytesFreed: plan.bytesFreed, bytesToSave: toSave,
            examples: plan.examples, loss: plan.newestChange.flatMap { LossWindow(from: record.began, to: $0) }, intoEmpty: plan.intoEmpty,
            makesPlace: plan.makesPlace, unexamined: plan.unexamined, spared: plan.spared, privileged: plan.privileged)
        cautions = plan.cautions
    }
}
