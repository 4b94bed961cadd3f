package import Archiving
package import Model

/// An image to restore from or to reduce.
package enum StoreImage: Sendable {
    case archived(ArchivedTree)
    case native(any EntrySource)
}

package enum ReducedImage: Sendable {
    /// Only the directories of the image.
    case directoriesOnly(reload: [ReloadItem])
    /// A rebuilt store in the scratch directory.
    /// `doubts`: what showed itself while it was rebuilt.
    case rebuilt(any EntrySource, ChunkShape, reload: [ReloadItem], kept: [KeptRows] = [], doubts: [StoreDoubt] = [])
    /// One that is still being rebuilt while it is archived.
    case beingRebuilt(any StoreRebuilding)
}

/// The rebuilding of a store in a scratch directory, beside the archiving of it.
package protocol StoreRebuilding: AnyObject, Sendable {
    /// Waits for what is not there yet, and throws when it will not come.
    var source: any EntrySource { get }
    var shape: ChunkShape { get }
    /// What was left out and what is kept. After ``source`` has been archived; throws when it was not rebuilt whole.
    func finish() throws -> RebuiltContents
    /// Ends what is still at work, whatever came of it.
    func close()
}

package struct RebuiltContents: Sendable {
    package var reload: [ReloadItem]
    package var kept: [KeptRows]

    package init(reload: [ReloadItem], kept: [KeptRows]) {
        self.reload = reload
        self.kept = kept
    }
}
