package import Archiving
package import HostIO
package import Model
import Synchronization

/// One protected thing, as the strategies see it: how it is pinned, read, and put back.
///
/// An adapter knows its store and nothing of repositories. What it takes and gives are values that could cross to an agent on
/// another node; the live things behind them (an open transaction, a descriptor) stay inside the adapter until ``release(_:)``.
/// Order of calls for a snapshot: `open`, `prepare`, `capture`, `image`, `release`; for a restore: `open`, `planRestore`, `apply`, `check`.
/// Calls may block and are made from Holdfast's own threads, for one store one at a time.
package protocol StoreAdapter: Sendable {
    var declaration: StoreDeclaration { get }

    /// Looks without changing: is it there, readable, what version, how large, can an image be native and if not why.
    /// A store that is missing or unreadable throws a `Failure` of code `store`.
    func open() throws -> StoreStatus

    /// Before the cut, as long as it takes: what has to be read before the instant that its image shows. Nil when there is nothing of that
    /// kind. What it gives is archived first; then `capture` is called with the same request, and the tree of that capture's image is laid over
    /// it (``TreeOverlay``). Without a `capture`, ``abandon(_:)`` follows.
    func prepare(_ request: CaptureRequest, job: JobControl) throws -> CapturedImage?

    /// Lets go of what `prepare` holds when no `capture` has come after it; nothing when there is nothing.
    func abandon(_ request: CaptureRequest)

    /// Pins the store's present state. Inside the cut: quick, no bulk copying when the store has a way around it.
    func capture(_ request: CaptureRequest) throws -> Capture

    /// The pinned state as something to archive, or the native image that `capture` made. After the cut; may take long.
    func image(of capture: Capture, job: JobControl) throws -> CapturedImage

    /// Lets go of whatever `capture` and `image` hold (transactions, staging files). Never throws away a native image that a
    /// manifest will name; removes it when `outcome` is `abandoned`.
    func release(_ capture: Capture, outcome: CaptureOutcome)

    /// Whether an image has to be made into another one for a backup, which is to outlive the store's release: then it goes through
    /// ``reduce(_:to:scratch:job:)`` also when all of it is kept.
    func isConvertedForBackups(_ image: StoreImage) throws -> Bool

    /// The image reduced to `extent`, for a backup (`whole` only where ``isConvertedForBackups(_:)``); works on a scratch copy and never on the
    /// store.
    func reduce(_ image: StoreImage, to extent: StoreExtent, scratch: ScratchDirectory, job: JobControl) throws -> ReducedImage

    /// What putting `image` back would change, without changing anything outside `scratch`.
    func planRestore(of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestorePlan

    /// Puts `image` back: afterwards the store equals the image. Touches only what differs. The store keeps running. A place that is
    /// not there is made, its parent directories too.
    func apply(_ plan: StoreRestorePlan, of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestoreOutcome

    /// Proves after a restore that the store is sound in itself (SQLite: `integrity_check`), and compares it with the image. One that is
    /// not sound throws a `Failure` of code `store`; differences do not, because a running application makes its own.
    func check(against image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreCheck

    /// Takes one part out of an image and says what having it would change, without changing the store. What it holds for that (a server on a
    /// copy of the image) it holds until ``releasePart(_:)``. Throws `refused` where a store has no parts.
    func planPart(_ part: StorePart, of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StorePartPlan

    /// Makes the part in the store, which goes on meanwhile. Nothing is lost: what had the part's name is kept.
    func applyPart(_ plan: StorePartPlan, job: JobControl) throws -> StorePartOutcome

    func releasePart(_ plan: StorePartPlan)

    /// Restores `image`, the one of `record`, into a place of its own in `scratch`, opens it there as its programs would and compares it with what
    /// the record says of it. The store itself is neither touched nor looked at. What is found wrong with the image is one of the findings, or
    /// a `Failure` of code `damaged` or `store` where there is nothing to open.
    func rehearse(_ image: StoreImage, of record: StoreRecord, scratch: ScratchDirectory, job: JobControl) throws -> any RehearsedStore

    /// The present by the clock of the store's files (``Descriptor/moveTimeOfChange()``); nil for a store that has none.
    func fileTime() throws -> Timestamp?

    /// The same adapter, for restores of a store about which so much is known.
    func trusting(_ content: TrustedContent) -> any StoreAdapter

    /// Why the files of the store cannot be kept equal to `image`, one of its physical form, while nobody may open it; nil when they can.
    func obstacle(toKeepingClosed image: StoreImage) throws -> String?

    /// Makes the files of the store those of `image`, of its physical form, touching only what differs, and leaves it closed: nobody can open it
    /// until ``reopen(job:)``. Interrupted, the next one goes on.
    func fillClosed(with image: StoreImage, job: JobControl) throws -> StoreRestoreOutcome

    /// Compares a closed store with what it was filled with.
    func checkClosed(against image: StoreImage, job: JobControl) throws -> StoreCheck

    /// Opens a store that was left closed, waits until it serves and looks into it; nothing for one that is open. After a crash it is called again.
    func reopen(job: JobControl) throws

    /// Native images of this store that exist beside it, by the id that `capture` gave them.
    func nativeImages() throws -> [String]
    func removeNativeImage(_ id: String) throws
    /// Whether two native images can be compared without reading them.
    var comparesNativeImages: Bool { get }
    /// A native image as a tree of entries. With `since`, the id of an earlier one, its directories know what has not changed since that
    /// (``SourceDirectory/isUnchanged``); throws when it is gone or they cannot be compared.
    func openNativeImage(_ id: String, since: String?) throws -> any EntrySource

    /// Everything that the store holds is removed; the place itself (an empty directory) may stay. For `cluster delete`.
    func destroy(job: JobControl) throws
    /// Whether there is nothing that a restore would overwrite.
    func isEmpty() throws -> Bool
    /// Room for what a restore writes; nil where that cannot be told. The store need not be there.
    func space() throws -> StoreSpace?
}

extension StoreAdapter {
    package var comparesNativeImages: Bool { false }
    package func fileTime() throws -> Timestamp? { nil }
    package func trusting(_ content: TrustedContent) -> any StoreAdapter { self }
    package func obstacle(toKeepingClosed image: StoreImage) throws -> String? { "its kind has one form" }
    package func fillClosed(with image: StoreImage, job: JobControl) throws -> StoreRestoreOutcome { throw oneForm }
    package func checkClosed(against image: StoreImage, job: JobControl) throws -> StoreCheck { throw oneForm }
    package func reopen(job: JobControl) throws {}
    private var oneForm: Failure {
        Failure(.internal, "store \(declaration.name): a store of kind \(declaration.kind.rawValue) is not kept closed")
    }
    package func prepare(_ request: CaptureRequest, job: JobControl) throws -> CapturedImage? { nil }
    package func abandon(_ request: CaptureRequest) {}
    package func isConvertedForBackups(_ image: StoreImage) throws -> Bool { false }
    package func openNativeImage(_ id: String) throws -> any EntrySource { try openNativeImage(id, since: nil) }

    /// What the system says about the store's files is a failure of the store, not of the storage.
    package func asStoreFailure<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as SystemError where !error.isNoSpace {
            var failure = error.failure
            failure.code = .store
            throw failure
        }
    }
}

/// What `open` found.
package struct StoreStatus: Hashable, Sendable, Codable {
    /// The store software's version, when it has one.
    package var version: String?
    /// Logical bytes, as cheap to get as the store allows.
    package var bytes: UInt64?
    /// Native images are possible here; otherwise `imageReason` says why not.
    package var nativeImages: Bool
    package var imageReason: String
    /// More facts for people and manifests (journal mode, page size, file system).
    package var facts: [String: String]

    package init(version: String?, bytes: UInt64?, nativeImages: Bool, imageReason: String, facts: [String: String] = [:]) {
        self.version = version
        self.bytes = bytes
        self.nativeImages = nativeImages
        self.imageReason = imageReason
        self.facts = facts
    }
}

package struct CaptureRequest: Hashable, Sendable, Codable {
    /// Unique for this snapshot and safe as a file name; names a native image.
    package var imageID: String
    /// A directory for this store's native images on the cluster's storage, made when it is first needed; nil when the storage is not
    /// local or no native image is wanted.
    package var nativeImageFolder: String?
    /// A directory of its own for staging copies, mode 0700, removed by the caller afterwards.
    package var scratch: String

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

/// An image to restore from or to reduce.
package enum StoreImage: Sendable {
    case archived(ArchivedTree)
    case native(any EntrySource)
}

package enum ReducedImage: Sendable {
    /// Only the directories of the image.
    case directoriesOnly(reload: [ReloadItem])
    /// A rebuilt store in the scratch directory.
    case rebuilt(any EntrySource, ChunkShape, reload: [ReloadItem], kept: [KeptRows] = [])
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

/// What one store would lose and gain.
package struct StoreRestorePlan: Hashable, Sendable, Codable {
    package var created: Int
    package var replaced: Int
    package var deleted: Int
    package var unchanged: Int
    package var metadataOnly: Int
    /// Entries that an interrupted restore left, to be removed.
    package var leftOvers: Int
    /// Bytes to be written.
    package var bytesToWrite: UInt64
    /// Bytes that deletions free.
    package var bytesFreed: UInt64
    /// Bytes that the store holds and the image does not: what an archived image of the store as it is would add to a repository that has
    /// this one, at most.
    package var bytesAtStake: UInt64
    /// A few examples for people, "delete reports/2026.csv", at most 20.
    package var examples: [String]
    /// Newest change in the store that the restore undoes, when it can be told: the loss window runs from the cut to this.
    package var newestChange: Timestamp?
    /// The store does not exist or is empty.
    package var intoEmpty: Bool

    package init(
        created: Int = 0, replaced: Int = 0, deleted: Int = 0, unchanged: Int = 0, metadataOnly: Int = 0, leftOvers: Int = 0,
        bytesToWrite: UInt64 = 0,
        bytesFreed: UInt64 = 0, bytesAtStake: UInt64 = 0, examples: [String] = [], newestChange: Timestamp? = nil, intoEmpty: Bool = false
    ) {
        self.created = created
        self.replaced = replaced
        self.deleted = deleted
        self.unchanged = unchanged
        self.metadataOnly = metadataOnly
        self.leftOvers = leftOvers
        self.bytesToWrite = bytesToWrite
        self.bytesFreed = bytesFreed
        self.bytesAtStake = bytesAtStake
        self.examples = examples
        self.newestChange = newestChange
        self.intoEmpty = intoEmpty
    }

    /// Nothing differs.
    package var isEmpty: Bool { created + replaced + deleted + metadataOnly + leftOvers == 0 }
}

package struct StoreRestoreOutcome: Hashable, Sendable, Codable {
    package var bytesWritten: UInt64
    package var entriesChanged: Int
    package var issues: Int

    package init(bytesWritten: UInt64, entriesChanged: Int, issues: Int) {
        self.bytesWritten = bytesWritten
        self.entriesChanged = entriesChanged
        self.issues = issues
    }
}

/// What `check` found in a sound store.
package struct StoreCheck: Hashable, Sendable, Codable {
    /// Entries, tables or metadata that differ from the image: 0 when nothing has written to the store since the restore.
    package var differences: Int
    /// A few of them for people, at most 20.
    package var examples: [String]

    package init(differences: Int = 0, examples: [String] = []) {
        self.differences = differences
        self.examples = examples
    }
}
