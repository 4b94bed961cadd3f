import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract

/// One store's part of a snapshot when it is done.
struct StoreArchive {
    var record: StoreRecord
    /// Nil for a native image.
    var node: Node?

    /// `ended`: when the last entry had been read; the image of a `fuzzy` capture shows instants up to then.
    init(archived capture: Capture, _ image: CapturedImage, _ outcome: ArchiveOutcome, _ store: StoreDeclaration, ended: Timestamp) {
        record = Self.record(capture, image, store, bytes: outcome.totals.bytes)
        if capture.precision == .fuzzy { record.ended = max(record.ended, ended) }
        record.image = .archived
        record.dataBytes = outcome.totals.dataBytes
        record.entries = outcome.totals.files + outcome.totals.directories + outcome.totals.others
        record.note(image.seen + outcome.summary)
        record.tree = outcome.root.subtree?.hex
        record.kept = image.kept.isEmpty ? nil : image.kept
        record.doubts = image.doubts.isEmpty ? nil : image.doubts
        node = outcome.root
    }

    init(native capture: Capture, _ image: CapturedImage, _ store: StoreDeclaration, job: JobControl) throws {
        let bytes = image.sizes?[.full] ?? 0
        record = Self.record(capture, image, store, bytes: bytes)
        record.image = .native
        record.nativeImageID = capture.imageID
        record.entries = image.facts[StoreRecord.entriesFact].flatMap(UInt64.init) ?? 0
        record.entriesAtLeast = image.entriesAtLeast
        record.dataBytes = image.dataBytes
        record.openFiles = image.openFiles
        record.note(image.seen)
        node = nil
    }

    private static func record(_ capture: Capture, _ image: CapturedImage, _ store: StoreDeclaration, bytes: UInt64) -> StoreRecord {
        var sizes = ModeSizes()
        for mode in BackupMode.allCases {
            let extent = StoreExtent(mode: mode, role: store.role, hasBulkTables: !store.bulkTables.isEmpty)
            sizes[mode] = image.sizes?[mode] ?? (extent == .structure ? 0 : bytes)
        }
        return StoreRecord(
            name: store.name, kind: store.kind, role: store.role, path: store.path, bulkTables: store.bulkTables, image: .archived,
            precision: capture.precision, began: capture.began, ended: capture.ended, sizes: sizes,
            bytes: bytes,
            facts: capture.facts.merging(image.facts) { $1 }, reload: [])
    }
}
