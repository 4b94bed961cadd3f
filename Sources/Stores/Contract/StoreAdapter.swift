package import Archiving
package import HostIO
package import Model

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

    /// A look that is quick enough for every minute: what the store lies on, as far as that can be told. One that is missing or cannot be opened
    /// throws a `Failure` of code `store`.
    func whereabouts() throws -> Whereabouts

    /// What an operator should know of how restores stop and start what serves the store, told without asking it.
    func serviceNotes() -> [String]

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

    /// Before anything is written to an empty place: what a person should know of the restore (``StoreRestorePlan/cautions``). Throws `refused` for an
    /// image that would go where the cluster file does not say.
    func cautions(before image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> [String]

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

    /// Plans and applies in one go: the store is compared once. For whoever shows the plan to nobody.
    func restore(_ image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestoreOutcome

    /// The same adapter, for restores under these terms.
    func under(_ terms: RestoreTerms) -> any StoreAdapter

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

    /// What keeps ``destroy(job:)`` from removing all: looked for before anything is removed. Nothing for a store that is not there.
    func obstaclesToDestroying(job: JobControl) throws -> [RemovalObstacles]

    /// The native image of `record`, which knows more of it than the store does.
    func openNativeImage(of record: StoreRecord, since previous: NativeImageBase?) throws -> any EntrySource

    /// What tells the file system, HDFS or server that the store lies in from others, whatever they are called and whichever device they get: nil where
    /// nothing does. The store need not be there.
    func place() throws -> String?

    /// Everything that the store holds is removed; the place itself (an empty directory) may stay. For `cluster delete`.
    func destroy(job: JobControl) throws
    /// Whether there is nothing that a restore would overwrite.
    func isEmpty() throws -> Bool
    /// Room for what a restore writes; nil where that cannot be told. The store need not be there.
    func space() throws -> StoreSpace?
}

extension StoreAdapter {
    package func whereabouts() throws -> Whereabouts { Whereabouts() }
    package func serviceNotes() -> [String] { [] }
    package var comparesNativeImages: Bool { false }
    package func cautions(before image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> [String] { [] }
    package func obstaclesToDestroying(job: JobControl) throws -> [RemovalObstacles] { [] }
    package func openNativeImage(of record: StoreRecord, since previous: NativeImageBase?) throws -> any EntrySource {
        try openNativeImage(record.nativeImageID ?? "", since: previous?.image)
    }
    package func place() throws -> String? { nil }
    package func fileTime() throws -> Timestamp? { nil }
    package func restore(_ image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestoreOutcome {
        try apply(try planRestore(of: image, scratch: scratch, job: job), of: image, scratch: scratch, job: job)
    }
    package func under(_ terms: RestoreTerms) -> any StoreAdapter { self }
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
    /// Sentences about what an operator should know of the store: what is mounted in it, what cannot be copied while it is in use.
    package var notes: [String]
    /// The fact that names databases of which a copy may be torn.
    package static let databasesFact = "databases-in-use"

    /// What the look has counted as an image of the store would; nil where sizes of the two cannot be compared.
    package var held: HeldAmount?

    /// More facts for people and manifests (journal mode, page size, file system).
    package var facts: [String: String]

    package init(
        version: String?, bytes: UInt64?, nativeImages: Bool, imageReason: String, notes: [String] = [], held: HeldAmount? = nil,
        facts: [String: String] = [:]
    ) {
        self.held = held
        self.notes = notes
        self.version = version
        self.bytes = bytes
        self.nativeImages = nativeImages
        self.imageReason = imageReason
        self.facts = facts
    }
}
