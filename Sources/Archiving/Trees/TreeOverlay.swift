package import RepositoryEngine
import ResticFormat

/// Two trees made one: what was archived at the end laid over what was archived before.
package struct TreeOverlay {
    private let writer: BlobWriter

    package init(into writer: BlobWriter) { self.writer = writer }

    /// `base` with the entries of the root of `top` in it, each in place of the one of that name. Root metadata are those of `base`.
    package func lay(_ top: ArchiveOutcome, over base: ArchiveOutcome) throws -> ArchiveOutcome {
        guard let under = base.entries, let over = top.entries else {
            throw EntryError(.unreadable, path: "the root of an image", detail: "its entries are not known")
        }
        let names = Set(over.map(\.name))
        let entries = (under.filter { !names.contains($0.name) } + over).sorted { Tree.areInOrder($0.name, $1.name) }
        var whole = base
        whole.tree = try TreeBuilder(writer: writer).save(entries)
        whole.root.subtree = whole.tree
        whole.entries = entries
        whole.totals = base.totals + top.totals
        whole.issues = Array((base.issues + top.issues).prefix(IssueCollector.kept))
        whole.summary = base.summary + top.summary
        return whole
    }
}
