import Archiving
import Clusters
import HostIO
import Model
import RepositoryEngine
import Snapshots
import StoreContract

/// Stores of which backups may hold the files beside the form that outlives their release. Where the files fit, a standby keeps those, with the server
/// down.
extension OfflineStandby {
    /// Nil for a store of which there is one form.
    func form(of pair: StoreMatching.Pair, in entry: RepositoryEntry, _ reader: EntryReader) throws -> KeptForm? {
        guard pair.declaration.kind == .postgres else { return nil }
        let name = pair.declaration.name
        guard pair.record.physicalBytes != nil else { return KeptForm(store: name, obstacle: KeptForm.noPhysicalForm) }
        let image = try cluster.image(of: pair.record, in: entry, reader, form: .physical)
        return KeptForm(store: name, obstacle: try cluster.adapter(for: pair.declaration).obstacle(toKeepingClosed: image))
    }

    /// As the newest point is, or would be, applied.
    func forms(of entry: RepositoryEntry, _ reader: EntryReader) throws -> [KeptForm] {
        try matchStores(of: entry.manifest, to: cluster.file, without: []).pairs.compactMap { try form(of: $0, in: entry, reader) }
    }

    /// Makes a store equal to the image of its physical form, closed.
    func fillClosed(
        _ pair: StoreMatching.Pair, of entry: RepositoryEntry, _ reader: EntryReader, trusting content: TrustedContent?, job: JobControl
    ) throws -> FilledStore {
        let name = pair.declaration.name
        do {
            let start = cluster.host.clock.monotonicNanoseconds()
            let adapter = try cluster.adapter(for: pair.declaration).under(RestoreTerms(trusted: content))
            let image = try cluster.image(of: pair.record, in: entry, reader, form: .physical)
            let changes = try adapter.fillClosed(with: image, job: job)
            job.begin(phase: "checking \(name)")
            let checked = try? adapter.fileTime()
            let check = try adapter.checkClosed(against: image, job: job)
            let filled = FilledStore(name: name, changes: changes, check: check, checked: checked, seconds: since(start))
            cluster.remember(filled, from: entry.manifest.name, job)
            return filled
        } catch {
            throw Failure(describing: error).about(store: name)
        }
    }

    /// Those that were kept closed.
    func reopenStores(job: JobControl) throws {
        for store in cluster.file.stores {
            do { try cluster.adapter(for: store).reopen(job: job) } catch { throw Failure(describing: error).about(store: store.name) }
        }
    }
}
