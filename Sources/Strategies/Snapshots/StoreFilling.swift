package import Archiving
package import Clusters
package import HostIO
package import Model
package import StoreContract

/// What a restore did to one store.
package struct FilledStore: Sendable {
    package var name: String
    package var changes: StoreRestoreOutcome
    package var check: StoreCheck
    /// When the comparison of the check began, by the clock of the store's files; nil where that is not known.
    package var checked: Timestamp?
    package var seconds: Double

    package init(name: String, changes: StoreRestoreOutcome, check: StoreCheck, checked: Timestamp?, seconds: Double) {
        self.name = name
        self.changes = changes
        self.check = check
        self.checked = checked
        self.seconds = seconds
    }

    /// Files with SQL for what of it can be made later.
    package var scripts: [String] = []

    /// What the image has of the store that it was made of.
    package var image: Completeness?

    /// The store was found equal to the image.
    package var isEqual: Bool { changes.issues == 0 && check.differences == 0 }
}

/// What a restore of a snapshot did.
package struct RestoreOutcome: Sendable {
    package var snapshot: SnapshotName
    package var stores: [FilledStore]
    /// Stores that could not be restored.
    package var failures: [StoreFailure]
    /// Nil when nothing differed, so that none was needed.
    package var safety: SnapshotName?
    /// Stores that this or an earlier restore left half done.
    package var halfDone: [HalfRestoredStore]
    /// Its number among the jobs, whose log names every issue; nil where it was not noted.
    package var job: Int?
    package var seconds: Double

    package init(
        snapshot: SnapshotName, stores: [FilledStore], failures: [StoreFailure] = [], safety: SnapshotName?,
        halfDone: [HalfRestoredStore] = [], job: Int? = nil, seconds: Double
    ) {
        self.failures = failures
        self.job = job
        self.snapshot = snapshot
        self.stores = stores
        self.safety = safety
        self.halfDone = halfDone
        self.seconds = seconds
    }
}

extension Cluster {
    /// Makes `store` equal to its image in `entry`, planned afresh, and checks it. `privileges`: by default of somebody who has been asked for them.
    package func fill(
        _ store: StoreDeclaration, with record: StoreRecord, of entry: RepositoryEntry, _ reader: EntryReader,
        form: StoredForm = .portable, trusting content: TrustedContent? = nil, privileges: Privileges = .restored,
        job: JobControl
    ) throws -> FilledStore {
        do {
            let start = host.clock.monotonicNanoseconds()
            let adapter = try adapter(for: store).under(RestoreTerms(trusted: content, lacking: record.lacking, privileges: privileges))
            let image = try image(of: record, in: entry, reader, form: form)
            let scratch = try scratch()
            job.begin(phase: "restoring \(record.name)")
            var changes = try adapter.restore(image, scratch: scratch, job: job)
            job.begin(phase: "checking \(record.name)")
            let checked = try? adapter.fileTime()
            let check = try adapter.check(against: image, scratch: scratch, job: job)
            if let damage = check.damage { changes.note(damage, of: record, job) }
            let seconds = Double(host.clock.monotonicNanoseconds() &- start) / 1e9
            var filled = FilledStore(name: record.name, changes: changes, check: check, checked: checked, seconds: seconds)
            filled.image = record.completeness
            filled.scripts = try keep(changes.remedies, of: record.name, job)
            remember(filled, from: entry.manifest.name, job)
            return filled
        } catch {
            throw Failure(describing: error).about(store: record.name)
        }
    }

    /// Writes them into `state`; gives the paths of the files, which the job names too.
    package func keep(_ remedies: [RestoreRemedy], of store: String, _ job: JobControl) throws -> [String] {
        let paths = try state.keep(remedies, of: store, at: host.clock.now(), host)
        for path in paths { job.log("store \(store): SQL for what could not be made is in \(path)") }
        return paths
    }

    /// Notes in the catalogue whether the store is as its image was. The caller holds the cluster's lock. One that cannot be written does not undo the
    /// work.
    package func remember(_ store: FilledStore, from name: SnapshotName, _ job: JobControl) {
        guard let catalogue = try? catalogue() else { return }
        if store.changes.issues > 0 {
            let note = IncompleteRestore(
                store: store.name, from: name, at: host.clock.now(), entries: store.changes.issues,
                examples: store.changes.named.map { printable($0.text, limit: 300) }, job: job.number)
            try? updateCatalogue { $0.note(note) }
        } else if store.isEqual, catalogue.incompleteRestores.contains(where: { $0.store == store.name }) {
            try? updateCatalogue { $0.noteEqual(store.name) }
        }
    }
}

extension StoreRestoreOutcome {
    /// The store is as damaged as its image.
    fileprivate mutating func note(_ damage: String, of record: StoreRecord, _ job: JobControl) {
        let issue = EntryIssue(
            kind: .unrestored, path: Path.lastComponent(record.path),
            detail: "it was damaged when the image was made, and is so again: \(damage)")
        job.log(issue.text)
        issues += 1
        named.append(issue)
    }
}
