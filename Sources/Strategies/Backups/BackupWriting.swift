import Archiving
import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import StoreContract

/// The writing of one backup: each store's image, whole or reduced, into the target's repository.
struct BackupWriting {
    let cluster: Cluster
    let source: RepositoryEntry
    let sourceReader: EntryReader
    /// Backups that are in the target, oldest first.
    let previous: [RepositoryEntry]
    let target: WritableRepository
    let mode: BackupMode
    let form: StoredForm
    let catalogue: Catalogue
    let job: JobControl

    private struct Part {
        var record: StoreRecord
        var node: Node
        /// Of the files of the store, which are kept as well.
        var physical: Node?
    }

    /// What is to be archived of a store.
    private struct Reading {
        var source: any EntrySource
        var record: StoreRecord
        /// The tree that the store had in the newest backup that keeps as much of it.
        var parent: TreeID?
        /// The source knows what has changed since; what has not is not looked at.
        var isCompared = false
    }

    func run(_ name: SnapshotName) throws -> CommittedEntry {
        let writer = try target.beginWriting()
        do {
            let parts = try source.manifest.stores.map { try write($0, into: writer) }
            // A standby may have taken over while this was written.
            try cluster.checkMay(.backup)
            let manifest = try manifest(name, stores: parts.map(\.record))
            job.begin(phase: "committing")
            var nodes = Dictionary(uniqueKeysWithValues: parts.map { ($0.record.name, $0.node) })
            for part in parts { nodes[part.record.folder(.physical)] = part.physical }
            return try writer.commit(manifest, stores: nodes, user: cluster.host.user)
        } catch {
            writer.abandon()
            throw error
        }
    }

    private func manifest(_ name: SnapshotName, stores: [StoreRecord]) throws -> Manifest {
        let snapshot = source.manifest
        var manifest = Manifest(
            program: cluster.program, kind: .backup, name: name, cluster: snapshot.cluster, created: cluster.host.clock.now(),
            reason: snapshot.reason, style: snapshot.style, pinned: false, expires: nil, cut: snapshot.cut, mode: mode,
            source: SourceSnapshot(name: snapshot.name.text, id: source.id.hex, created: snapshot.created), stores: stores)
        manifest.clusterSettings = try cluster.settings()
        return manifest
    }

    private func write(_ record: StoreRecord, into writer: BlobWriter) throws -> Part {
        job.begin(phase: "backing up \(record.name)")
        let extent = record.extent(in: mode)
        do {
            let image = try cluster.image(of: record, in: source, sourceReader)
            let isCopied = try extent == .whole && !cluster.adapter(for: record.declaration).isConvertedForBackups(image)
            var part = try isCopied ? copy(image, record, into: writer) : reduce(image, to: extent, record, into: writer)
            part.record.image = .archived
            part.record.extent = extent
            part.record.madeFrom = try cluster.adapter(for: record.declaration).comparesNativeImages ? record.nativeImageID : nil
            part.record.nativeImageID = nil
            if form == .physical, extent == .whole, !isCopied {
                let files = try copy(image, record, into: writer, .physical)
                part.physical = files.node
                part.record.physicalBytes = files.record.bytes
            }
            if !isCopied || record.tree == nil { part.record.tree = part.node.subtree?.hex }
            part.record.doubts = doubts(about: part.record, of: record)
            return part
        } catch {
            throw Failure(describing: error).about(store: record.name)
        }
    }

    /// Those of the snapshot, unless a person has dispelled them, and what a comparison with the last good backup that keeps as much says: like is
    /// compared with like.
    private func doubts(about record: StoreRecord, of taken: StoreRecord) -> [StoreDoubt]? {
        let known = catalogue.isAccepted(source.id.hex) ? taken.accepted.doubts ?? [] : taken.doubts ?? []
        guard known.isEmpty, let last = lastGood(record) else { return known.isEmpty ? nil : known }
        let (backup, before) = last
        // A restore, or a person, explains what is different since.
        if let noted = catalogue.baseline(of: record.name), noted.isFirstLook != true, noted.at > backup.manifest.cut.began { return nil }
        let baseline = StoreBaseline(before, at: backup.manifest.created, source: "the backup \(backup.manifest.name)")
        let found = cluster.file.alerts.bounds.shrink.doubts(about: record, since: baseline)
        return found.isEmpty ? nil : found
    }

    private func lastGood(_ record: StoreRecord) -> (RepositoryEntry, StoreRecord)? {
        for backup in previous.reversed() where backup.manifest.cluster.id == source.manifest.cluster.id {
            guard let before = backup.manifest.store(named: record.name), before.extent == record.extent, before.kind == record.kind,
                !catalogue.flawedStores(of: backup.manifest, id: backup.id.hex).contains(record.name)
            else { continue }
            return (backup, before)
        }
        return nil
    }

    private func copy(
        _ image: StoreImage, _ record: StoreRecord, into writer: BlobWriter, _ form: StoredForm = .portable
    ) throws -> Part {
        switch image {
        case .archived(let tree):
            _ = try TreeCopy(from: tree, to: writer, parent: try parent(of: record, form), host: cluster.host).run(job: job)
            return Part(record: record, node: try node(of: tree, subtree: tree.id))
        case .native(let source) where form == .physical:
            let reading = Reading(source: source, record: record, parent: try parent(of: record, form))
            return try archive(reading, .contentDefined, into: writer)
        case .native(let source):
            return try archive(compared(source, record), .contentDefined, into: writer)
        }
    }

    /// A native image that knows what has changed in it since the newest backup, where such images can be compared. Where that fails, the
    /// record says why all of it is walked.
    private func compared(_ source: any EntrySource, _ record: StoreRecord) throws -> Reading {
        var reading = Reading(source: source, record: record, parent: try parent(of: record))
        let adapter = try cluster.adapter(for: record.declaration)
        guard record.nativeImageID != nil, adapter.comparesNativeImages else { return reading }
        // What was refused at the cut is refused to whoever reads the image too, and named then.
        reading.record.forgetEntryNotes()
        guard let last = last(record) else { return reading }
        do {
            let base = try comparable(last.manifest.store(named: record.name), in: last, reading.parent, before: record.began)
            reading.source = try adapter.openNativeImage(of: record, since: base)
            reading.isCompared = true
        } catch {
            let reason = Failure(describing: error).summary
            reading.record.fullWalk = reason
            job.note("\(record.name): all of it is walked: \(reason)")
        }
        return reading
    }

    /// The native image that a backup was made from. Throws when what is taken over from it unseen could have a hole in it.
    private func comparable(
        _ record: StoreRecord?, in backup: RepositoryEntry, _ parent: TreeID?, before cut: Timestamp
    ) throws(Failure) -> NativeImageBase {
        let name = backup.manifest.name
        guard let record, let base = record.madeFrom else { throw Failure(.notFound, "it is not known what \(name) was made from") }
        guard record.began <= cut else { throw Failure(.refused, "the last backup, \(name), shows a later state") }
        guard let again = record.again else { throw Failure(.damaged, "it is not known which entries \(name) lacks") }
        guard parent != nil else { throw Failure(.damaged, "the directories in \(name) cannot be read") }
        return NativeImageBase(image: base, again: again + (record.openFiles ?? []).map(\.path))
    }

    private func reduce(_ image: StoreImage, to extent: StoreExtent, _ record: StoreRecord, into writer: BlobWriter) throws -> Part {
        let scratch = try cluster.scratch()
        let adapter = try cluster.adapter(for: record.declaration)
        switch try adapter.reduce(image, to: extent, scratch: scratch, job: job) {
        case .rebuilt(let source, let shape, let reload, let kept, let doubts):
            var part = try archive(Reading(source: source, record: record, parent: try parent(of: record)), shape, into: writer)
            part.record.reload = reload
            part.record.kept = kept.isEmpty ? nil : kept
            part.record.add(doubts)
            return part
        case .beingRebuilt(let store):
            defer { withExtendedLifetime(scratch) { store.close() } }
            let reading = Reading(source: store.source, record: record, parent: try parent(of: record))
            var part = try archive(reading, store.shape, into: writer)
            let contents = try store.finish()
            part.record.reload = contents.reload
            part.record.kept = contents.kept.isEmpty ? nil : contents.kept
            return part
        case .directoriesOnly(let reload):
            var part = try skeleton(of: image, record, into: writer)
            part.record.reload = reload
            (part.record.bytes, part.record.dataBytes) = (0, nil)
            return part
        }
    }

    private func skeleton(of image: StoreImage, _ record: StoreRecord, into writer: BlobWriter) throws -> Part {
        switch image {
        case .archived(let tree):
            let skeleton = try TreeSkeleton(of: tree, into: writer).run(job: job)
            return Part(record: record, node: try node(of: tree, subtree: skeleton.tree))
        case .native(let source):
            var reading = try compared(source, record)
            reading.source = DirectoriesOnly(reading.source)
            reading.record.entries = record.facts["directories"].flatMap(UInt64.init) ?? record.entries
            return try archive(reading, .contentDefined, into: writer)
        }
    }

    private func archive(_ reading: Reading, _ shape: ChunkShape, into writer: BlobWriter) throws -> Part {
        let archiver = Archiver(writer: writer, host: cluster.host)
        let outcome = try archiver.archive(reading.source, parent: reading.parent, shape: shape, job: job)
        var record = reading.record
        if !reading.isCompared {
            record.bytes = outcome.totals.bytes
            record.dataBytes = outcome.totals.dataBytes
            record.entriesAtLeast = nil
            record.entries = outcome.totals.files + outcome.totals.directories + outcome.totals.others
        }
        record.note(outcome.summary)
        record.again = outcome.summary.again
        return Part(record: record, node: outcome.root)
    }

    /// The newest backup of this cluster that keeps as much of the store.
    private func last(_ record: StoreRecord) -> RepositoryEntry? {
        let extent = record.extent(in: mode)
        return previous.last { backup in
            backup.manifest.cluster.id == source.manifest.cluster.id && backup.manifest.store(named: record.name)?.extent == extent
        }
    }

    /// The tree of the store there.
    private func parent(of record: StoreRecord, _ form: StoredForm = .portable) throws -> TreeID? {
        try last(record).flatMap { try EntryReader(target.index).parentTree(of: record.folder(form), in: $0) }
    }

    private func node(of tree: ArchivedTree, subtree: TreeID) throws -> Node {
        var node = tree.node ?? Node(name: [], type: .dir)
        if tree.node == nil { node.mode = FileMode.directory | 0o700 }
        node.subtree = subtree
        return node
    }
}
