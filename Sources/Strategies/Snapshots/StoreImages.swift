import Archiving
package import Clusters
package import Model
import ResticFormat
package import StoreContract

extension Cluster {
    /// The image of a store in an entry, wherever it lies. Throws `damaged` when it is gone.
    package func image(
        of record: StoreRecord, in entry: RepositoryEntry, _ reader: EntryReader, form: StoredForm = .portable
    ) throws -> StoreImage {
        switch record.image {
        case .archived:
            guard let node = try reader.tree(of: record.folder(form), in: entry), let tree = node.subtree else {
                throw Failure(.damaged, "\(entry.manifest.kind.rawValue) \(entry.manifest.name) has no image of the store \(record.name)")
            }
            return .archived(ArchivedTree(repository: reader.index, id: tree, node: node, mostEntries: mostEntries))
        case .native:
            guard record.nativeImageID != nil, let store = file.store(named: record.name) else {
                throw Failure(.damaged, "the native image of \(record.name) in \(entry.manifest.name) is not known here")
            }
            return .native(try adapter(for: store).openNativeImage(of: record, since: nil))
        }
    }
}
