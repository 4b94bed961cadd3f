package import Clusters
package import HostIO
package import Model
import ResticFormat
package import StoreContract

extension Cluster {
    /// Restores the image of a store into `scratch` and opens it there, through the adapter of `store`, which is neither touched nor looked at.
    /// What is wrong with the image is in the report, without a store where there is nothing to open; throws when it could not be tried.
    package func rehearse(
        _ record: StoreRecord, as store: StoreDeclaration, of entry: RepositoryEntry, _ reader: EntryReader, form: StoredForm = .portable,
        scratch: ScratchDirectory, job: JobControl
    ) throws -> (report: DrillReport.Store, store: (any RehearsedStore)?) {
        var problems: [String] = []
        do {
            problems = try treeProblems(record, entry, reader)
            let adapter = try adapter(for: store)
            let image = try image(of: record, in: entry, reader, form: form)
            let rehearsed = try adapter.rehearse(image, of: record, scratch: scratch, job: job)
            let found = rehearsed.findings
            var report = DrillReport.Store(
                name: record.name, kind: record.kind, extent: record.extent, restoreSeconds: found.restoreSeconds,
                checkSeconds: found.checkSeconds, bytes: found.bytes, proofs: found.proofs, problems: problems + found.problems,
                gaps: found.gaps)
            report.note(record)
            return (report, rehearsed)
        } catch {
            let failure = Failure(describing: error)
            guard failure.isOfTheImage else { throw failure.about(store: record.name) }
            var report = DrillReport.Store(
                name: record.name, kind: record.kind, extent: record.extent, problems: problems + [printable(failure.summary, limit: 400)])
            report.note(record)
            return (report, nil)
        }
    }

    /// An entry holds what was archived at the cut, by its checksum.
    private func treeProblems(_ record: StoreRecord, _ entry: RepositoryEntry, _ reader: EntryReader) throws -> [String] {
        guard let recorded = record.tree else { return [] }
        let present = try reader.tree(of: record.name, in: entry)?.subtree?.hex
        if present == recorded { return [] }
        return ["its checksum is \(present?.prefix(16) ?? "none"), not \(recorded.prefix(16)), which was recorded at the cut"]
    }
}

/// Where programs find what was rehearsed.
package enum RehearsalVariables {
    /// `HOLDFAST_STORE_NAME`, the path of the store `name`.
    package static func path(ofStore name: String) -> String { "HOLDFAST_STORE_" + name.uppercased().replacing("-", with: "_") }
}

extension Failure {
    /// Rather than of the place where it was tried, or of the one who tried.
    fileprivate var isOfTheImage: Bool {
        switch code {
        case .damaged, .store, .incomplete, .notFound, .exists, .internal: true
        default: false
        }
    }
}
