package import Clusters
package import HostIO
package import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
package import Snapshots
import StoreContract

/// A cluster restore that is planned and whose backup is proven.
package struct PreparedClusterRestore: Sendable {
    package let plan: ClusterRestorePlan
    package let held: HeldEntry

    package var entry: RepositoryEntry { held.entry }
}

package struct ClusterRestoreOutcome: Sendable {
    package var identity: ClusterIdentity
    package var stores: [FilledStore]
    /// Stores that could not be restored: the same command goes on with them.
    package var failures: [StoreFailure]
    /// What the backup left out, by store.
    package var reload: [(store: String, items: [ReloadItem])]
    /// What was taken over of how the cluster was set up; nil when the backup does not say, or that was not wanted.
    package var settings: [TakenSetting]?
    package var recoverySheet: String
    /// Its number among the jobs, whose log names every issue; nil where it was not noted.
    package var job: Int?
    package var seconds: Double
}

/// Restores a backup into the cluster that a file describes: another place, fewer stores, another release.
package struct ClusterRestore: Sendable {
    /// The cluster to be made; not initialised, or left by a restore of the same backup that was interrupted.
    package let cluster: Cluster
    /// Directory of the target, absolute.
    package let from: String
    /// `physical`: the files of a store are taken where the backup has them as well.
    package let form: StoredForm
    /// The name or id of the cluster whose backup it is; nil: the one that the cluster file names, where the target has backups of it.
    package let of: String?
    package let settings: SettingsUse
    package let room: RoomCheck

    package init(
        into cluster: Cluster, from: String, form: StoredForm = .portable, of: String? = nil, settings: SettingsUse = .take,
        room: RoomCheck = .refuses
    ) {
        self.settings = settings
        self.room = room
        self.cluster = cluster
        self.from = from
        self.form = form
        self.of = of
    }

    private func form(of record: StoreRecord) -> StoredForm { record.physicalBytes == nil ? .portable : form }

    /// Finds and proves the backup, matches stores, and checks that the cluster is empty and has room. Changes nothing.
    package func prepare(_ name: String, without: [String], job: JobControl) throws -> PreparedClusterRestore {
        try cluster.checkOverlaps(with: [NamedPlace(.target, "the target of the backup", from)])
        let repository = try cluster.open(from)
        let lock = try repository.lock(.read, patience: .seconds(30))
        let (listing, reader) = try EntryReader.list(.backup, in: repository)
        let entry = try choose(name, from: listing)
        var matching = try matchStores(of: entry.manifest, to: cluster.file, without: without)
        guard form == .portable || matching.pairs.contains(where: { $0.record.physicalBytes != nil }) else {
            throw Failure(
                .refused, "the backup \(name) holds no store in its physical form",
                hint: "leave --physical out; backup create --physical makes one")
        }
        try checkEmpty(matching, before: entry)
        let (space, warnings) = try checkSpace(&matching, entry, reader, job)
        let check = try repository.check([entry.stored], data: .all, job: job)
        guard check.isRestorable else {
            throw Failure(
                .damaged, "the backup \(name) is damaged; nothing was changed",
                hint: "restore another one; holdfast backup verify says what is affected",
                cause: check.problems.filter(\.isLoss).prefix(3).map(\.text).joined(separator: "; "))
        }
        let cautions = try matching.pairs.flatMap { try self.cautions($0, entry, reader, job) }
        let proof = "every byte of it read and proven: \(counted(check.packsRead, "pack")), \(ByteCount(check.bytesRead))"
        let plan = ClusterRestorePlan(
            backup: entry.manifest, from: from, file: cluster.file, matching: matching, checks: [proof] + space,
            warnings: cautions + warnings, madeAt: cluster.host.clock.now())
        return PreparedClusterRestore(plan: plan, held: HeldEntry(entry, reader, under: lock))
    }

    private func cautions(_ pair: StoreMatching.Pair, _ entry: RepositoryEntry, _ reader: EntryReader, _ job: JobControl) throws -> [String]
    {
        let image = try cluster.image(of: pair.record, in: entry, reader, form: form(of: pair.record))
        do {
            let adapter = try cluster.adapter(for: pair.declaration)
            return try adapter.cautions(before: image, scratch: cluster.scratch(), job: job).map { "\(pair.declaration.name): \($0)" }
        } catch { throw Failure(describing: error).about(store: pair.declaration.name) }
    }

    /// `latest` of a restore that did not end is the one that it began with.
    private func choose(_ word: String, from listing: EntryListing) throws -> RepositoryEntry {
        if word == DrillRequest.latest, let begun = try cluster.state.current()?.restoring?.snapshotID,
            let entry = listing.entries.first(where: { $0.id.hex == begun })
        {
            return entry
        }
        return try BackupChoice(listing: listing, name: cluster.file.name, wanted: of).choose(word)
    }

    /// A restore of the same backup that was interrupted goes on in the places that it began to fill; anything else that is there is refused,
    /// also when the cluster file names other places by now.
    private func checkEmpty(_ matching: StoreMatching, before entry: RepositoryEntry) throws {
        let catalogue = try cluster.state.current()
        if let catalogue, catalogue.restoring?.snapshotID != entry.id.hex {
            throw Failure(
                .refused, "the cluster \(catalogue.clusterName) exists in \(cluster.file.state)",
                hint: "restore into another place with a cluster file of its own, or first: holdfast cluster delete -c \(cluster.file.path)"
            )
        }
        let own = catalogue?.restoring?.places ?? [:]
        let filled = try matching.pairs.filter { pair in
            try own[pair.declaration.name] != pair.declaration.path && !cluster.adapter(for: pair.declaration).isEmpty()
        }
        guard filled.isEmpty else {
            throw Failure(
                .refused, "not empty: \(filled.map { "\($0.declaration.name) (\($0.declaration.path))" }.joined(separator: ", "))",
                hint: "move what is there away, or give these stores other paths in \(cluster.file.path)")
        }
    }

    /// A line a file system; throws `space` when one is too small, or gives it as a warning.
    private func checkSpace(
        _ matching: inout StoreMatching, _ entry: RepositoryEntry, _ reader: EntryReader, _ job: JobControl
    ) throws -> (checks: [String], warnings: [String]) {
        var needs: [String: (space: StoreSpace, bytes: UInt64)] = [:]
        var (checks, warnings): ([String], [String]) = ([], [])
        for index in matching.pairs.indices {
            let pair = matching.pairs[index]
            let space = try cluster.adapter(for: pair.declaration).space()
            let measured = try cluster.measure(pair.record, in: entry, reader, form: form(of: pair.record), space, job: job)
            (matching.pairs[index].room, matching.pairs[index].bytes) = (measured.room, measured.bytes)
            matching.pairs[index].privileged = measured.privileged
            guard let space else { continue }
            let bytes = try missing(matching.pairs[index], space)
            needs[space.fileSystem] = (space, (needs[space.fileSystem]?.bytes ?? 0).addingSaturated(bytes))
            if !space.keepsHoles, pair.record.kind == .directory {
                checks.append("\(space.place) keeps no holes: sparse files take all of their length there")
            }
        }
        for need in needs.values.sorted(by: { $0.space.place < $1.space.place }) {
            let (place, free) = (need.space.place, need.space.free)
            checks.append("\(ByteCount(free)) free at \(place)")
            guard free <= need.bytes else { continue }
            warnings.append(
                try room.settle(
                    Failure(
                        .space, "the file system of \(place) has \(ByteCount(free)) free, the restore writes \(ByteCount(need.bytes))",
                        hint: "free space there, or give stores other paths in \(cluster.file.path)")))
        }
        return (checks, warnings)
    }

    /// Bytes that are still to be written: an interrupted restore left a part of them. What it was writing is not counted as there.
    private func missing(_ pair: StoreMatching.Pair, _ space: StoreSpace) throws -> UInt64 {
        let places = try cluster.state.current()?.restoring?.places ?? [:]
        let bytes = pair.room
        let isResumable = pair.declaration.kind == .directory || pair.declaration.kind == .hdfs
        guard places[pair.declaration.name] == pair.declaration.path, isResumable,
            let there = try? cluster.adapter(for: pair.declaration).open().bytes
        else { return bytes.multipliedSaturated(by: replicas(of: pair.record, space)) }
        return (bytes - min(there, bytes)).multipliedSaturated(by: replicas(of: pair.record, space))
    }

    /// How many times each of the store's bytes will lie there.
    private func replicas(of record: StoreRecord, _ space: StoreSpace) -> UInt64 {
        let replicated = record.facts["replicated-bytes"].flatMap(UInt64.init) ?? record.bytes
        guard record.bytes > 0, replicated > record.bytes else { return 1 }
        return min((replicated - 1) / record.bytes + 1, UInt64(max(1, space.mostReplicas)))
    }

    /// Makes the cluster, then applies and checks store by store. One that fails does not keep the others back, and the restore is one that did not end.
    package func run(
        _ prepared: PreparedClusterRestore, privileges: Privileges = .leftOut, job: JobControl
    ) throws -> ClusterRestoreOutcome {
        let start = cluster.host.clock.monotonicNanoseconds()
        let sheet = try cluster.establish(
            restoring: prepared.entry,
            places: prepared.plan.matching.pairs.reduce(into: [:]) { $0[$1.declaration.name] = $1.declaration.path })
        let command = "cluster restore \(prepared.entry.manifest.name)"
        return try cluster.exclusively(command) {
            try cluster.checkOverlaps(with: [NamedPlace(.target, "the target of the backup", from)])
            return try cluster.recording(command, job, fault: { (outcome: ClusterRestoreOutcome) in outcome.failures.together }) {
                let (stores, failures) = try withExtendedLifetime(prepared.held) { try fillAll(prepared, privileges, job) }
                let settings = failures.isEmpty ? try cluster.finishRestore(of: prepared.entry.manifest, settings) : nil
                let reload = prepared.plan.matching.pairs.filter { !$0.record.reload.isEmpty }.map { ($0.record.name, $0.record.reload) }
                let seconds = Double(cluster.host.clock.monotonicNanoseconds() &- start) / 1e9
                return ClusterRestoreOutcome(
                    identity: try cluster.identity(), stores: stores, failures: failures, reload: reload, settings: settings,
                    recoverySheet: (try? cluster.recoverySheet()) ?? sheet, job: job.number, seconds: seconds)
            }
        }
    }

    private func fillAll(
        _ prepared: PreparedClusterRestore, _ privileges: Privileges, _ job: JobControl
    ) throws -> ([FilledStore], [StoreFailure]) {
        var filled: [FilledStore] = []
        var failures: [StoreFailure] = []
        for pair in prepared.plan.matching.pairs {
            do { filled.append(try fill(pair, prepared, privileges, job)) } catch {
                guard !error.endsRestores else { throw error }
                let failure = StoreFailure(store: pair.record.name, error)
                job.log("failed: \(failure.failure.summary)")
                failures.append(failure)
            }
        }
        return (filled, failures)
    }

    private func fill(
        _ pair: StoreMatching.Pair, _ prepared: PreparedClusterRestore, _ privileges: Privileges, _ job: JobControl
    ) throws -> FilledStore {
        do {
            return try cluster.fill(
                pair.declaration, with: pair.record, of: prepared.entry, prepared.held.reader, form: form(of: pair.record),
                privileges: privileges, job: job)
        } catch {
            var failure = Failure(describing: error)
            failure.hint = [
                failure.hint,
                "the same command goes on from here, with --without \(pair.record.name) it leaves this store out; holdfast cluster delete -c \(cluster.file.path) starts over",
            ]
            .compactMap { $0 }.joined(separator: "; ")
            throw failure
        }
    }
}
