import Model
import Snapshots
import StoreContract

/// What a restore did, as people read it.
struct RestoreText {
    let terminal: Terminal

    func stores(_ stores: [FilledStore]) -> String {
        var fields = Fields()
        for store in stores { fields.add(store.name, line(store)) }
        return fields.text(for: terminal, indent: 2)
    }

    /// "12 entries changed, 4.2 MB written in 0.3 s; equals the image".
    private func line(_ store: FilledStore) -> String {
        let changed =
            "\(counted(store.changes.entriesChanged, "entry", "entries")) changed, \(ByteCount(store.changes.bytesWritten)) written"
        let check =
            store.check.differences == 0
            ? "checked: equals the image" : "checked: sound; \(counted(store.check.differences, "entry", "entries")) written to since"
        let lacks = store.image.map { $0.hasAllEntries ? "" : ", which holds \($0.words)" } ?? ""
        let issues = store.changes.issues == 0 ? "" : "; \(counted(store.changes.issues, "issue"))"
        return "\(changed) in \(DurationText.spoken(seconds: store.seconds)); \(check)\(lacks)\(issues)"
    }
}
