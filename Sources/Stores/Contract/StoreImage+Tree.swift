package import Archiving

extension StoreImage {
    /// The image as something to restore from.
    package var tree: ImageTree {
        switch self {
        case .archived(let tree): .archived(tree)
        case .native(let source): .source(source)
        }
    }
}
