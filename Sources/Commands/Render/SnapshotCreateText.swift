import Clusters
import Model
import Snapshots

/// What `snapshot create` tells people.
struct SnapshotCreateText {
    let terminal: Terminal
    let now: Timestamp
    let storage: String

    func text(_ outcome: SnapshotOutcome, seconds: Double) -> String {
        let manifest = outcome.entry.manifest
        let snapshot = KeptSnapshot(taken: outcome.entry)
        let text = SnapshotText(terminal: terminal, now: now)
        let stores = StoreText(terminal: terminal)
        var lines = [
            Visible.line("snapshot \(manifest.name) of cluster \(manifest.cluster.name), release \(manifest.cluster.release)"), "",
            stores.images(manifest.stores), "", wrapped(text.consistency(of: manifest)),
            "\(ByteCount(outcome.bytesStored)) added to \(storage) in \(DurationText.spoken(seconds: seconds))",
            "kept \(text.kept(snapshot.keeping))",
        ]
        lines += stores.issues(manifest.stores) + stores.mounts(manifest.stores) + stores.unchecked(manifest.stores)
        if !outcome.removed.isEmpty { lines.append("expired and removed: \(outcome.removed.map(\.text).joined(separator: ", "))") }
        return lines.joined(separator: "\n")
    }

    private func wrapped(_ text: String) -> String {
        terminal.isTTY ? TextLayout.wrap(text, width: terminal.width).joined(separator: "\n") : text
    }
}
