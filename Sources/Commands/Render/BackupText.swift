import Backups
import Clusters
import Model
import ResticFormat

/// Backups as people read them.
struct BackupText {
    let terminal: Terminal
    let now: Timestamp

    struct Row {
        var entry: RepositoryEntry
        var target: String
        var drill: FoundReport?
    }

    func table(_ rows: [Row]) -> String {
        var table = Table([
            Table.Column("NAME", importance: 9, minimum: 12), Table.Column("TARGET", importance: 5, minimum: 6),
            Table.Column("MODE", importance: 6, minimum: 11), Table.Column("AGE", .right, importance: 7, minimum: 3),
            Table.Column("DRILLED", importance: 8, minimum: 14), Table.Column("CLUSTER", importance: 2, minimum: 7),
            Table.Column("RELEASE", importance: 4, minimum: 7),
            Table.Column("SNAPSHOT", importance: 1, minimum: 8), Table.Column("SIZE", .right, importance: 5, minimum: 7),
            Table.Column("TO RELOAD", .right, importance: 3, minimum: 9),
        ])
        for row in rows {
            let manifest = row.entry.manifest
            table.add(
                [
                    manifest.name.text, row.target, manifest.mode?.rawValue ?? "full",
                    DurationText.short(seconds: now.secondsSince(manifest.cut.began)), words(row.drill),
                    manifest.cluster.name, manifest.cluster.release,
                    manifest.source?.name ?? "", ByteCount(manifest.bytes).text,
                    manifest.reload.isEmpty ? "nothing" : "\(manifest.reload.count)",
                ], note: manifest.shortcomings.first.map { "lacks something: \($0)" })
        }
        return table.text(for: terminal)
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
