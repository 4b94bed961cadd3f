/// The restore of a backup into an empty cluster.
package struct ClusterRestorePlan: Plan, Hashable {
    package var backup: Manifest
    /// Path of the target.
    package var from: String
    /// The cluster file restored into.
    package var file: ClusterFile
    package var matching: StoreMatching
    /// What was checked before: "backup verified: 1,204 blobs".
    package var checks: [String]
    package var warnings: [String]
    package var madeAt: Timestamp

    package init(
        backup: Manifest, from: String, file: ClusterFile, matching: StoreMatching, checks: [String] = [], warnings: [String] = [],
        madeAt: Timestamp
    ) {
        self.backup = backup
        self.from = from
        self.file = file
        self.matching = matching
        self.checks = checks
        self.warnings = warnings
        self.madeAt = madeAt
    }

    package var isEmpty: Bool { matching.pairs.isEmpty }

    package var bytesToWrite: UInt64 { matching.pairs.reduce(0) { $0.addingSaturated($1.room) } }

    package var summary: PlanSummary {
        let cut = backup.cut.began
        let head = [
            PlanSummary.Line("backup", "\(backup.name), \(backup.mode?.rawValue ?? "whole"), in \(from)"),
            PlanSummary.Line("of cluster", "\(backup.cluster.name), id \(backup.cluster.id)"),
            PlanSummary.Line("state of", "\(cut.readable) (\(relativeAge(of: cut, at: madeAt)))"),
        ]
        let tail = [PlanSummary.Line("to write", ByteCount(bytesToWrite).text)] + checks.map { PlanSummary.Line("checked", $0) }
        return PlanSummary(
            title: "restore backup \(backup.name) into cluster \(file.name)", lines: head + matching.pairs.map(line) + tail,
            warnings: releaseWarning + unfilledWarning + lackWarnings
                + matching.pairs.compactMap { $0.privileged.warning(of: $0.record.name) } + warnings, losses: losses,
            undo: "holdfast cluster delete -c \(file.path): nothing else is changed")
    }

    private func line(_ pair: StoreMatching.Pair) -> PlanSummary.Line {
        let moved = pair.record.path == pair.declaration.path ? "" : " (was \(pair.record.path))"
        return PlanSummary.Line(pair.record.name, "\(pair.size) → \(pair.declaration.path)\(moved)")
    }

    private var releaseWarning: [String] {
        guard backup.cluster.release != file.release else { return [] }
        return [
            "the backup was made under release \(backup.cluster.release), \(file.path) says \(file.release): the software has to migrate it"
        ]
    }

    private var lackWarnings: [String] {
        matching.pairs.compactMap { $0.record.completeness.shortcoming(of: $0.record.name) }.map {
            "the backup does not hold all of its store: \($0)"
        }
    }

    private var unfilledWarning: [String] {
        matching.unfilled.isEmpty ? [] : ["the backup has nothing for \(matching.unfilled.map(\.name).joined(separator: ", "))"]
    }

    private var losses: [String] {
        matching.without.map { "store \($0.name) is left out (--without)" }
            + matching.pairs.flatMap { pair in pair.record.reload.map { "to reload in \(pair.record.name): \($0.text)" } }
    }
}

extension ReloadItem {
    /// "table fact_sales (1,204 rows, 3.4 MB)".
    package var text: String {
        let details = [count.map { counted($0, what.hasPrefix("table") ? "row" : "file") }, bytes.map { ByteCount($0).text }].compactMap {
            $0
        }
        return details.isEmpty ? what : "\(what) (\(details.joined(separator: ", ")))"
    }
}
