import Archiving
import Model
import Snapshots
import StoreContract

/// A store that could not be restored.
struct StoreFailureResult: Encodable {
    var store: String
    var code: FailureCode
    var message: String
    var hint: String?

    init(_ failed: StoreFailure) {
        store = failed.store
        code = failed.failure.code
        message = failed.failure.summary
        hint = failed.failure.hint
    }
}

/// What a restore did to a store.
struct FilledStoreResult: Encodable {
    var name: String
    var bytesWritten: UInt64
    var entriesChanged: Int
    var issues: Int
    /// The first hundred of them.
    var named: [EntryIssue]
    /// Paths of files with SQL for what of them can be made later.
    var scripts: [String]
    /// Entries that differ from the image after the restore: written since by whoever uses the store.
    var differences: Int
    /// What could not be proven of it here, and why.
    var unchecked: [String]
    /// What the image itself lacks of the store that it was made of.
    var lacks: [String]
    var seconds: Double

    init(_ store: FilledStore) {
        name = store.name
        bytesWritten = store.changes.bytesWritten
        entriesChanged = store.changes.entriesChanged
        issues = store.changes.issues
        named = store.changes.named
        scripts = store.scripts
        differences = store.check.differences
        unchecked = store.check.unproven
        lacks = store.image?.lines(of: store.name, examples: EntryNote.mostNamed) ?? []
        seconds = store.seconds
    }
}
