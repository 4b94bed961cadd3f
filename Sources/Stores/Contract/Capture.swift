package import Archiving
package import Model
import Synchronization

package struct CaptureRequest: Hashable, Sendable, Codable {
    /// Unique for this snapshot and safe as a file name; names a native image.
    package var imageID: String
    /// A directory for this store's native images on the cluster's storage, made when it is first needed; nil when the storage is not
    /// local or no native image is wanted.
    package var nativeImageFolder: String?
    /// A directory of its own for staging copies, mode 0700, removed by the caller afterwards.
    package var scratch: String
    /// Applications do not write while `capture` works: a hook of the operator has seen to that.
    package var isQuiesced = false

    package init(imageID: String, nativeImageFolder: String?, scratch: String) {
        self.imageID = imageID
        self.nativeImageFolder = nativeImageFolder
        self.scratch = scratch
    }
}

/// A pinned state.
package struct Capture: Hashable, Sendable, Codable {
    package var imageID: String
    /// Whether the image is native (kept as it is) or is to be archived.
    package var native: Bool
    /// The instant that the image shows lies between these two.
    package var began: Timestamp
    package var ended: Timestamp
    /// `exact`: the image is the store at one instant. `fuzzy`: entries are read after the cut, one after the other.
    package var precision: ImagePrecision
    package var facts: [String: String]

    package init(
        imageID: String, native: Bool, began: Timestamp, ended: Timestamp, precision: ImagePrecision, facts: [String: String] = [:]
    ) {
        self.imageID = imageID
        self.native = native
        self.began = began
        self.ended = ended
        self.precision = precision
        self.facts = facts
    }
}

package enum CaptureOutcome: String, Sendable { case committed, abandoned }

/// An earlier native image, of which there is an archived tree.
package struct NativeImageBase: Hashable, Sendable {
    package var image: String
    /// Paths in it that are to be asked for whatever is known to be unchanged.
    package var again: [String]

    package init(image: String, again: [String] = []) {
        self.image = image
        self.again = again
    }
}

/// What there is to archive.
package struct CapturedImage: Sendable {
    package var source: any EntrySource
    package var shape: ChunkShape
    /// Logical bytes that a backup of each mode would hold; nil: the archiver's own count is right for `full`.
    package var sizes: [BackupMode: UInt64]?
    /// Counts and sums recorded at the cut, for later comparison (tables and their row counts, files).
    package var facts: [String: String]
    /// What a backup without it would have to reload.
    package var reloadable: [ReloadItem]
    /// Rows that it holds, where they are counted.
    package var kept: [KeptRows] = []
    /// What happened to entries while the image was pinned, where it is native and they were looked at one by one.
    package var seen = IssueSummary()
    /// Of a native image: logical bytes that are not in holes, where they were counted.
    package var dataBytes: UInt64?
    /// Of a native image: counting its entries was given up here.
    package var entriesAtLeast: UInt64?
    /// Files that were open for writing when the image was pinned, where that does not fix their length; nil when they cannot be told.
    package var openFiles: [OpenFile]?
    /// What is wrong with the store as a whole, as far as making the image has shown.
    package var doubts: [StoreDoubt] = []
    /// Where nothing was pinned: counts, while `source` is read, the entries that changed after the cut. To be read when it has been archived.
    package var changes: ChangeCounter?

    package init(
        source: any EntrySource, shape: ChunkShape, sizes: [BackupMode: UInt64]? = nil, facts: [String: String] = [:],
        reloadable: [ReloadItem] = [], changes: ChangeCounter? = nil
    ) {
        self.source = source
        self.shape = shape
        self.sizes = sizes
        self.facts = facts
        self.reloadable = reloadable
        self.changes = changes
    }
}

/// A number that threads add to.
package final class ChangeCounter: Sendable {
    private let value = Atomic<Int>(0)

    package init() {}

    package func add(_ count: Int) { value.wrappingAdd(count, ordering: .relaxed) }
    package var count: Int { value.load(ordering: .relaxed) }
}
