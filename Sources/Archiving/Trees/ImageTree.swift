import RepositoryEngine
import ResticFormat

/// A directory tree with content, to be restored or compared: one in a repository, or one that can be walked (a native image).
package enum ImageTree: Sendable {
    case archived(ArchivedTree)
    case source(any EntrySource)

    /// For messages.
    package var description: String {
        switch self {
        case .archived(let tree): "tree \(tree.id.short) in \(tree.repository.location)"
        case .source(let source): source.description
        }
    }
}
