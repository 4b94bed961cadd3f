import Model
import Snapshots

/// One store's part of a snapshot or backup.
struct StoreRecordResult: Encodable {
    var name: String
    var kind: StoreKind
    var role: StoreRole
    var path: String
    var image: ImageKind
    var extent: StoreExtent
    var precision: ImagePrecision
    var began: Timestamp
    var ended: Timestamp
    var bytes: UInt64
    /// Those of them that are neither in holes nor in blocks of zeros; null where they were not counted.
    var dataBytes: OrNull<UInt64>
    var entries: UInt64
    /// In words: "everything", "all but 3 entries".
    var holds: String
    /// Whether the image may stand for its store, by itself; and what happened to entries, and what is wrong with the store as a whole.
    var good: Bool
    var notes: [EntryNote]
    var doubts: [StoreDoubt]
    /// Entries that something happened to but for those left out on purpose, and those of them that are missing.
    var issues: Int
    var unreadable: Int
    var issueExamples: [String]
    /// Of a backup: why all of the store was walked, not only what had changed; null when that was not so.
    var fullWalk: OrNull<String>
    /// What of the store could not be checked when the image was made.
    var unchecked: OrNull<String>
    var reload: [ReloadItem]
    /// Of a backup made of dumps: the rows of each table that it holds; null where tables are not counted.
    var kept: OrNull<[KeptRows]>
    /// Of a backup: bytes of the store's files, where it holds those as well; null otherwise.
    var physicalBytes: OrNull<UInt64>

    init(_ record: StoreRecord) {
        name = record.name
        kind = record.kind
        role = record.role
        path = record.path
        image = record.image
        extent = record.extent
        precision = record.precision
        began = record.began
        ended = record.ended
        bytes = record.bytes
        dataBytes = OrNull(record.dataBytes)
        entries = record.entries
        let judgement = record.completeness
        holds = judgement.words
        good = judgement.isGood
        notes = judgement.notes
        doubts = judgement.doubts
        issues = record.issues
        unreadable = record.unreadable
        issueExamples = record.issueExamples
        fullWalk = OrNull(record.fullWalk)
        unchecked = OrNull(record.unchecked)
        reload = record.reload
        kept = OrNull(record.kept)
        physicalBytes = OrNull(record.physicalBytes)
    }
}
