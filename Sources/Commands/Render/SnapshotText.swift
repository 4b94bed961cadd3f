import Clusters
import Model
import ResticFormat
import Snapshots

/// Snapshots as people read them.
struct SnapshotText {
    let terminal: Terminal
    let now: Timestamp

    /// One line a snapshot, and one below it with what needs words.
    func table(_ snapshots: [KeptSnapshot]) -> String {
        var table = Table([
            Table.Column("NAME", importance: 9, minimum: NameRule.maximumLength), Table.Column("AGE", .right, importance: 8, minimum: 3),
            Table.Column("RELEASE", importance: 5, minimum: 7), Table.Column("EXPIRES", importance: 6, minimum: 7),
            Table.Column("FULL", .right, importance: 7, minimum: 7), Table.Column("LIGHT", .right, importance: 4, minimum: 7),
            Table.Column("DATALESS", .right, importance: 3, minimum: 8),
        ])
        for snapshot in snapshots {
            let manifest = snapshot.entry.manifest
            let sizes = BackupMode.allCases.map { ByteCount(manifest.sizes[$0]).text }
            let isPinned = snapshot.keeping.pinned && snapshot.holds == nil
            let words = [
                manifest.style.rawValue, isPinned ? "pinned" : "", snapshot.holds == nil ? manifest.reason : heldBy(snapshot),
                flaw(snapshot),
            ]
            table.add(
                [
                    manifest.name.text, DurationText.short(seconds: now.secondsSince(manifest.created)), manifest.cluster.release,
                    snapshot.holds == nil ? expiry(snapshot.keeping.expires) : "policy",
                ] + sizes, note: words.filter { !$0.isEmpty }.joined(separator: ", "))
        }
        return table.text(for: terminal)
    }

    /// "NOT GOOD: up: 1 entry could not be read"; nothing for one that is whole.
    private func flaw(_ snapshot: KeptSnapshot) -> String {
        guard let first = snapshot.entry.manifest.shortcomings.first else { return "" }
        return "\(snapshot.isGood ? snapshot.isAccepted ? "accepted" : "lacks something" : "NOT GOOD"): \(first)"
    }

    /// "stands in 3@1h and 4@4h"; that it goes with the next run when nothing holds it.
    private func heldBy(_ snapshot: KeptSnapshot) -> String {
        let words = snapshot.heldBy ?? []
        return words.isEmpty ? "goes with the next run of the policy" : "held by \(words.joined(separator: ", "))"
    }

    private func expiry(_ expiry: Expiry) -> String {
        guard let instant = expiry.instant else { return "never" }
        return instant <= now ? "due" : "in \(DurationText.short(seconds: instant.secondsSince(now)))"
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
        fields.add("consistency", consistency(of: manifest))
        fields.add("kept", snapshot.holds == nil ? kept(snapshot.keeping) : heldBy(snapshot))
        fields.add("size", sizes(manifest.sizes))
        fields.add("id", snapshot.entry.id.hex)
        fields.add("written by", manifest.program)
        return fields.text(for: terminal)
    }

    /// "writers were held for 3 ms; all stores show one instant".
    func consistency(of manifest: Manifest) -> String {
        let cut = manifest.cut
        if cut.consistency == .quiesced { return "writers were held for \(spoken(cut.pauseSeconds)); all stores show one instant" }
        let held = cut.pauseSeconds > 0 ? "writers were held for \(spoken(cut.pauseSeconds))" : "writers were not held"
        return "\(held); the stores' instants lie up to \(spoken(cut.skewSeconds)) apart" + fuzziness(of: manifest.stores)
    }

    /// ", because uploads and lake were read file by file"; nothing when all images are exact.
    private func fuzziness(of stores: [StoreRecord]) -> String {
        let names = stores.filter { $0.precision == .fuzzy }.map(\.name)
        guard let last = names.last else { return "" }
        let list = names.count == 1 ? last : names.dropLast().joined(separator: ", ") + " and " + last
        return ", because \(list) \(names.count == 1 ? "was" : "were") read file by file"
    }

    /// "until it is deleted", "until 2026-11-23 17:50:00 UTC (in 6d)".
    func kept(_ keeping: Keeping) -> String {
        let until = keeping.expires.instant.map { "until \($0.readable) (\(relativeAge(of: $0, at: now)))" }
        if keeping.pinned { return "until it is unpinned" + (until.map { ", and then \($0)" } ?? "") }
        return until ?? "until it is deleted"
    }

    private func spoken(_ seconds: Double) -> String { DurationText.spoken(seconds: seconds) }

    private func sizes(_ sizes: ModeSizes) -> String {
        "\(ByteCount(sizes.full)) full, \(ByteCount(sizes.lightweight)) lightweight, \(ByteCount(sizes.dataless)) dataless"
    }
}
