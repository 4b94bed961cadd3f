package import HostIO
import Model
import ObjectStorage
import ResticFormat
import Synchronization

extension OpenRepository {
    /// Prunes by a plan made afresh under the lock. Two prunes exclude each other; a prune and restic exclude each other; a Holdfast
    /// that reads or writes is never kept waiting.
    ///
    /// `list` is asked for the snapshots each time that something is decided by them; it throws when they cannot be all that there should be.
    package func prune(
        _ options: PruneOptions, patience: Duration = .zero, list: SnapshotReading = { try $0.snapshots() }, job: JobControl? = nil
    ) throws -> PruneOutcome {
        let lock = try self.lock(.prune, patience: patience)
        defer { lock.release() }
        try settleAnnouncedMarks(own: lock.session)
        try mendIndex()
        let ground = try survey(options, list, job: job)
        let plan = decide(ground, options)
        var outcome = PruneOutcome(plan: plan)
        outcome.bytesWritten = try repack(plan, ground, options, lock, job)
        let doomed = plan.mark.union(plan.repack)
        try mark(doomed, own: lock.session)
        outcome.packsMarked = doomed.count
        var due = ground.due
        var final = plan
        if options.grace == 0 {
            let fresh = try survey(options, list, job: job)
            final = decide(fresh, options)
            due = fresh.due
        }
        try delete(final.delete, settled: due, keeping: final.keepAfterAll, lock, job)
        try dropNotes()
        outcome.packsDeleted = final.delete.count
        outcome.bytesDeleted = final.bytesDeleted
        return outcome
    }

    /// Writes the needed blobs of wasteful packs into new ones; gives the bytes written.
    private func repack(
        _ plan: PrunePlan, _ ground: PruneGround, _ options: PruneOptions, _ lock: RepositoryLock, _ job: JobControl?
    ) throws -> Int {
        let packs = plan.repack
        guard !packs.isEmpty else { return 0 }
        job?.begin(phase: "rewriting packs")
        ground.index.doom(packs.union(plan.mark))
        let writer = try WritableRepository(index: ground.index, lock: lock).beginWriting(options.write)
        do {
            let sealer = try writer.makeSealer()
            let opener = try makeOpener()
            for pack in packs.sorted() {
                try job?.checkCancelled()
                for blob in ground.census.contents.packs[pack] ?? [] where ground.used.contains(blob.id, blob.kind) {
                    guard !writer.contains(blob.id, blob.kind) else { continue }
                    let place = BlobLocation(
                        pack: pack, offset: blob.offset, length: blob.length, uncompressedLength: blob.uncompressedLength)
                    let copy = try ground.index.fetch(blob.id, blob.kind, preferring: place, using: opener)
                    _ = try writer.saveStored(
                        blob.id, blob.kind, copy.stored, uncompressedLength: copy.uncompressedLength, using: sealer)
                }
            }
            return try writer.finish().bytes
        } catch {
            writer.abandon()
            throw error
        }
    }

    /// Lists packs that no index lists: what an index that was lost or damaged knew is known again, and what an interrupted run left behind is
    /// judged like everything else. Damaged index files, of which nothing can be had any more, go after that.
    private func mendIndex() throws {
        let contents = try loadIndexContents()
        let unlisted = try unlistedPacks(try packSizes(), besides: Set(contents.packs.keys))
        try writeIndexes(Dictionary(uniqueKeysWithValues: unlisted.map { ($0.id, $0.blobs) }))
        for file in contents.unreadable where file.isDamaged { try storage.remove(RepositoryNames.index(file.id)) }
    }

    /// A prune that died between announcing a mark and noting who was at work left one that would wait forever.
    private func settleAnnouncedMarks(own session: String) throws {
        for mark in try deletionMarks() where mark.sessions.contains(Self.announced) {
            let live = try liveLocks().compactMap(\.session).filter { $0 != session }
            _ = try writeMark(mark.packs, sessions: live, at: host.clock.now())
            try removeMark(mark)
        }
    }

    /// Stands for the sessions of a mark as long as they are not known; such a mark is not due.
    static let announced = "?"

    /// The mark stands before anybody is asked who is at work: who locks later sees it, who locked earlier is noted in it.
    private func mark(_ packs: Set<PackID>, own session: String) throws {
        guard !packs.isEmpty else { return }
        let now = host.clock.now()
        let announced = try writeMark(packs.sorted(), sessions: [Self.announced], at: now)
        let live = try liveLocks().compactMap(\.session).filter { $0 != session }
        _ = try writeMark(packs.sorted(), sessions: live, at: now)
        try storage.remove(RepositoryNames.mark(announced))
    }

    /// New index first, then the old ones go, then the packs, then the marks: a crash anywhere leaves something that the next prune ends.
    private func delete(
        _ packs: Set<PackID>, settled: [DeletionMark], keeping: Set<PackID>, _ lock: RepositoryLock, _ job: JobControl?
    ) throws {
        guard !packs.isEmpty || !settled.isEmpty || !keeping.isEmpty else { return }
        job?.begin(phase: "deleting packs")
        try lock.checkHeld()
        // A pack may go only when no index lists it any more, so all of them must be read.
        let contents = try loadWholeIndexContents()
        let replacement = IndexReplacement(of: contents, without: packs)
        try writeIndexes(contents.packs.filter { replacement.packs.contains($0.key) })
        for old in replacement.files.sorted() { try storage.remove(RepositoryNames.index(old)) }
        for pack in packs.sorted() { try storage.remove(RepositoryNames.pack(pack)) }
        for mark in settled { try removeMark(mark) }
        for mark in try deletionMarks() where !keeping.isDisjoint(with: mark.packs) {
            let rest = mark.packs.filter { !keeping.contains($0) }
            if !rest.isEmpty { _ = try writeMark(rest, sessions: mark.sessions.sorted(), at: mark.marked) }
            try removeMark(mark)
        }
    }

    /// A note about a pack that no index lists any more has nothing to say.
    private func dropNotes() throws {
        let noted = try packsNotedDamaged()
        guard !noted.isEmpty else { return }
        let listed = try loadWholeIndexContents().packs
        try changeNotes(adding: [], removing: noted.filter { listed[$0] == nil })
    }

    private func writeIndexes(_ packs: [PackID: [IndexedBlob]]) throws {
        var batch: [IndexedPack] = []
        var blobs = 0
        for (id, content) in packs.sorted(by: { $0.key < $1.key }) {
            batch.append(IndexedPack(id: id, blobs: content))
            blobs += content.count
            if blobs >= IndexFile.fullBlobs {
                try writeIndex(batch)
                batch = []
                blobs = 0
            }
        }
        if !batch.isEmpty { try writeIndex(batch) }
    }
}
