import Clusters
import Model
import ResticFormat
import Snapshots

/// Snapshots as people read them.
struct SnapshotText {
    let terminal: Terminal
    let now: Timestamp

    /// One line a snapshot, its reason on a line below.
    func table(_ snapshots: [KeptSnapshot]) -> String {
        var table = Table([
            Table.Column("NAME", importance: 9, minimum: 12), Table.Column("STYLE", importance: 2, minimum: 8),
            Table.Column("AGE", .right, importance: 8, minimum: 3), Table.Column("RELEASE", importance: 6, minimum: 7),
            Table.Column("PINNED", importance: 4, minimum: 6), Table.Column("EXPIRES", importance: 5, minimum: 7),
            Table.Column("FULL", .right, importance: 7, minimum: 7), Table.Column("LIGHT", .right, importance: 3, minimum: 7),
            Table.Column("DATALESS", .right, importance: 1, minimum: 8),
        ])
        for snapshot in snapshots {
            let manifest = snapshot.entry.manifest
            let sizes = BackupMode.allCases.map { ByteCount(manifest.sizes[$0]).text }
            table.add(
                [
                    manifest.name.text, manifest.style.rawValue,
                    DurationText.short(seconds: now.secondsSince(manifest.created)), manifest.cluster.release,
                    snapshot.keeping.pinned ? "yes" : "", expiry(snapshot.keeping.expires, never: "never", past: "due"),
                ] + sizes, note: manifest.reason.isEmpty ? nil : manifest.reason)
        }
        return table.text(for: terminal)
    }

    private func expiry(_ expiry: Expiry, never: String, past: String) -> String {
        guard let instant = expiry.instant else { return never }
        return instant <= now ? past : "in \(DurationText.short(seconds: instant.secondsSince(now)))"
    }

    /// Everything about one.
    func fields(_ snapshot: KeptSnapshot) -> String {
        let manifest = snapshot.entry.manifest
        var fields = Fields()
        fields.add("snapshot", manifest.name.text)
        fields.add("reason", manifest.reason.isEmpty ? nil : manifest.reason)
        fields.add("style", manifest.style.rawValue)
        fields.add("cluster", "\(manifest.cluster.name), release \(manifest.cluster.release)")
        fields.add("state of", "\(manifest.cut.began.readable) (\(relativeAge(of: manifest.cut.began, at: now)))")
        fields.add("consistency", consistency(of: manifest.cut))
        fields.add("kept", kept(snapshot.keeping))
        fields.add("size", sizes(manifest.sizes))
        fields.add("id", snapshot.entry.id.hex)
        fields.add("written by", manifest.program)
        return fields.text(for: terminal)
    }

    /// "writers were held for 3 ms; all stores show one instant".
    func consistency(of cut: Cut) -> String {
        switch cut.consistency {
        case .quiesced:
            "writers were held for \(DurationText.spoken(seconds: cut.pauseSeconds)); all stores show one instant"
        case .bounded: "writers were not held; the stores' instants lie \(DurationText.spoken(seconds: cut.skewSeconds)) apart"
        }
    }

    /// "pinned", "until 2026-11-23 17:50:00 UTC (in 6d)", "until it is deleted".
    func kept(_ keeping: Keeping) -> String {
        let until = keeping.expires.instant.map { "until \($0.readable) (\(relativeAge(of: $0, at: now)))" } ?? "until it is deleted"
        return keeping.pinned ? "\(until); pinned: nothing deletes it" : until
    }

    private func sizes(_ sizes: ModeSizes) -> String {
        "\(ByteCount(sizes.full)) full, \(ByteCount(sizes.lightweight)) lightweight, \(ByteCount(sizes.dataless)) dataless"
    }
}
