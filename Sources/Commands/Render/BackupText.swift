import Backups
import Clusters
import Model
import ResticFormat

/// Backups as people read them.
struct BackupText {
    let terminal: Terminal
    let now: Timestamp

    /// With the ids where there are backups that are meant by them alone.
    func table(_ rows: [BackupListing.Row]) -> String {
        let foreign = rows.contains { $0.owner != .own }
        let ids = foreign ? [Table.Column("ID", importance: 9, minimum: EntryListing.leastDigits)] : []
        var table = Table(
            [
                Table.Column("NAME", importance: 9, minimum: 12), Table.Column("TARGET", importance: 5, minimum: 6),
                Table.Column("MODE", importance: 6, minimum: 11), Table.Column("AGE", .right, importance: 7, minimum: 3),
                Table.Column("DRILLED", importance: 8, minimum: 14),
                Table.Column("CLUSTER", importance: foreign ? 9 : 2, minimum: foreign ? 12 : 7),
                Table.Column("RELEASE", importance: 4, minimum: 7),
                Table.Column("SNAPSHOT", importance: 1, minimum: 8), Table.Column("SIZE", .right, importance: 5, minimum: 7),
                Table.Column("TO RELOAD", .right, importance: 3, minimum: 9),
            ] + ids)
        for row in rows {
            let manifest = row.entry.manifest
            table.add(
                [
                    manifest.name.text, row.target, manifest.mode?.rawValue ?? "full",
                    DurationText.short(seconds: now.secondsSince(manifest.cut.began)), words(row.drill),
                    words(for: row), manifest.cluster.release,
                    manifest.source?.name ?? "", ByteCount(manifest.bytes).text,
                    manifest.reload.isEmpty ? "nothing" : "\(manifest.reload.count)",
                    row.entry.id.hex.prefix(EntryListing.leastDigits).description,
                ], note: manifest.shortcomings.first.map { "lacks something: \($0)" })
        }
        return table.text(for: terminal)
    }

    /// "acme", "acme before the restore".
    private func words(for row: BackupListing.Row) -> String {
        row.entry.manifest.cluster.name + (row.owner == .former ? " before the restore" : "")
    }

    /// "3 of other clusters (blog 1, shop 2)".
    static func words(for others: [OtherCluster]) -> String {
        let names = others.map { "\($0.name) \($0.entries)" }.joined(separator: ", ")
        return "\(others.saturatedSum(\.entries)) more of other clusters (\(names))"
    }

    /// "passed 2d ago", "never".
    private func words(_ drill: FoundReport?) -> String {
        guard let drill else { return "never" }
        let age = relativeAge(of: drill.report.ended, at: now)
        return drill.altered == nil ? "\(DrillNote(drill.report).word) \(age)" : "REPORT ALTERED"
    }

    func fields(_ entry: RepositoryEntry, in target: String, drill: FoundReport? = nil) -> String {
        let manifest = entry.manifest
        var fields = Fields()
        fields.add("backup", "\(manifest.name), \(manifest.mode?.rawValue ?? "full"), in target \(target)")
        fields.add("cluster", "\(manifest.cluster.name), release \(manifest.cluster.release), id \(manifest.cluster.id)")
        fields.add("state of", "\(manifest.cut.began.readable) (\(relativeAge(of: manifest.cut.began, at: now)))")
        fields.add("snapshot", manifest.source?.name)
        fields.add("size", ByteCount(manifest.bytes).text)
        fields.add("drilled", words(drill) + (drill?.report.problems.first.map { ", \($0)" } ?? ""))
        fields.add("id", entry.id.hex)
        fields.add("written by", manifest.program)
        return fields.text(for: terminal)
    }
}
