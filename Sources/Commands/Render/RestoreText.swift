import Archiving
import Model
import Snapshots
import StoreContract

/// What a restore did, as people read it.
struct RestoreText {
    let terminal: Terminal

    private static let examples = 10

    func stores(_ stores: [FilledStore]) -> String {
        var fields = Fields()
        for store in stores { fields.add(store.name, line(store)) }
        return fields.text(for: terminal, indent: 2)
    }

    /// What is not as it was, a few lines a store, and where all of it stands. Empty when everything is.
    func issues(_ stores: [FilledStore], job: Int?, _ suffix: String) -> [String] {
        let lines = stores.filter { $0.changes.issues > 0 }.flatMap { store in
            let shown = store.changes.named.prefix(Self.examples)
            let more = store.changes.issues - shown.count
            return [
                "\(Visible.line(store.name)): \(counted(store.changes.issues, "thing")) could not be restored as \(store.changes.issues == 1 ? "it was" : "they were")"
            ]
                + shown.map { "  \(printable($0.path, limit: 200)): \(printable($0.detail, limit: 200))" }
                + (more > 0 ? ["  and \(grouped(more)) more"] : [])
                + store.scripts.map { "SQL to run when the causes are gone: \($0)" }
        }
        guard !lines.isEmpty, let job else { return lines }
        return lines + ["all of them: holdfast jobs show \(job)\(suffix)"]
    }

    /// "12 entries changed, 4.2 MB written in 0.3 s; equals the image".
    private func line(_ store: FilledStore) -> String {
        let changed =
            "\(counted(store.changes.entriesChanged, "entry", "entries")) changed, \(ByteCount(store.changes.bytesWritten)) written"
        let lacks = store.image.map { $0.hasAllEntries ? "" : ", which holds \($0.words)" } ?? ""
        let tables = printable(store.check.unproven.joined(separator: ", "), limit: 300)
        let unproven = tables.isEmpty ? "" : "; not checked by its own rules: \(tables)"
        return "\(changed) in \(DurationText.spoken(seconds: store.seconds)); \(check(store))\(lacks)\(unproven)"
    }

    private func check(_ store: FilledStore) -> String {
        let differing = counted(store.check.differences, "entry", "entries")
        switch (store.changes.issues, store.check.differences) {
        case (0, 0): return "checked: equals the image"
        case (0, _): return "checked: sound; \(differing) written to since"
        case (let issues, 0): return "checked: the contents equal the image; \(counted(issues, "issue"))"
        case (let issues, let count):
            return "checked: \(differing) \(count == 1 ? "differs" : "differ") from the image; \(counted(issues, "issue"))"
        }
    }
}
