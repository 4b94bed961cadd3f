/// In which form a standby keeps a store of which a backup may have two, and what keeps it from the better one.
package struct KeptForm: Hashable, Sendable {
    package var store: String
    package var form: StoredForm
    /// Nil where it is the physical one.
    package var obstacle: String?

    package init(store: String, obstacle: String?) {
        self.store = store
        self.obstacle = obstacle
        form = obstacle == nil ? .physical : .portable
    }

    package var words: String {
        guard let obstacle else { return "its files: a sync writes what changed, and its server is down until the promotion" }
        return "dumps: a change loads all of them anew, because \(obstacle)"
    }

    package static let noPhysicalForm =
        "the backup has no physical form: holdfast backup create --physical, or backup policy update NAME --physical, on the active one"
}
