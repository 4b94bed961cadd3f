import Clusters
import Model
import StoreContract

/// Stores as people read them.
struct StoreText {
    let terminal: Terminal

    /// The images of a snapshot or backup.
    func images(_ records: [StoreRecord]) -> String {
        var table = Table([
            Table.Column("STORE", importance: 9, minimum: 8), Table.Column("KIND", importance: 4, minimum: 9),
            Table.Column("ROLE", importance: 5, minimum: 8), Table.Column("IMAGE", importance: 3, minimum: 8),
            Table.Column("SHOWS", importance: 2, minimum: 11), Table.Column("SIZE", .right, importance: 8, minimum: 7),
            Table.Column("ENTRIES", .right, importance: 6, minimum: 7), Table.Column("HOLDS", importance: 7, minimum: 10),
        ])
        for record in records {
            table.add([
                record.name, record.kind.rawValue, record.role.rawValue, record.image.rawValue,
                record.precision == .exact ? "one instant" : "a stretch", ByteCount(record.bytes).text, grouped(record.entries),
                record.completeness.words,
            ])
        }
        return table.text(for: terminal)
    }

    static func words(for extent: StoreExtent) -> String {
        switch extent {
        case .whole: "everything"
        case .withoutBulkRows: "all but bulk rows"
        case .structure: "structure only"
        }
    }

    /// What images lack of their stores, line by line; empty when nothing.
    func issues(_ records: [StoreRecord], examples: Int = 5) -> [String] {
        records.flatMap { $0.completeness.lines(of: $0.name, examples: examples) }
    }

    /// What is mounted inside of stores and was walked as a part of them; empty when there is nothing.
    func mounts(_ records: [StoreRecord]) -> [String] {
        records.compactMap { record in
            record.facts["mounted-inside"].map { "\(record.name): mounted inside, and part of it: \(printable($0, limit: 300))" }
        }
    }

    /// What of stores could not be checked; empty when all could.
    func unchecked(_ records: [StoreRecord]) -> [String] {
        records.compactMap { record in record.unchecked.map { "\(record.name): \(printable($0, limit: 600))" } }
    }

    /// Stores that were walked whole though a comparison would have told what had changed; empty when there are none.
    func walks(_ records: [StoreRecord]) -> [String] {
        records.compactMap { record in
            record.fullWalk.map { "\(record.name): all of it was walked, not only what had changed: \(printable($0, limit: 300))" }
        }
    }

    /// By table: rows that are there, and rows to be reloaded; empty where a backup does not count tables.
    func tables(_ records: [StoreRecord]) -> [String] {
        let counted = records.filter { $0.kept != nil }
        guard !counted.isEmpty else { return [] }
        var table = Table([
            Table.Column("STORE", importance: 6, minimum: 8), Table.Column("TABLE", importance: 9, minimum: 12),
            Table.Column("ROWS KEPT", .right, importance: 8, minimum: 9), Table.Column("TO RELOAD", .right, importance: 7, minimum: 9),
            Table.Column("SIZE", .right, importance: 5, minimum: 7),
        ])
        for record in counted {
            for kept in record.kept ?? [] { table.add([record.name, kept.table, grouped(kept.rows), "", ByteCount(kept.bytes).text]) }
            for item in record.reload where item.what.hasPrefix("table ") {
                table.add([
                    record.name, String(item.what.dropFirst(6)), "0", item.count.map { grouped($0) } ?? "all",
                    item.bytes.map { ByteCount($0).text } ?? "",
                ])
            }
        }
        return [table.text(for: terminal), ""]
    }

    /// Stores whose files a backup holds beside the dumps.
    func physical(_ records: [StoreRecord]) -> [String] {
        records.compactMap { record in
            record.physicalBytes.map {
                "\(Visible.line(record.name)): its files are there as well (\(ByteCount($0))): cluster restore --physical takes them"
            }
        }
    }

    /// What has to be reloaded after a restore; empty when nothing.
    func reload(_ records: [StoreRecord]) -> [String] {
        records.filter { !$0.reload.isEmpty }.flatMap { record in
            ["reload into \(Visible.line(record.name)) after a restore:"] + record.reload.map { "  " + printable($0.text, limit: 300) }
        }
    }

    /// The stores of the running cluster.
    func reports(_ reports: [StoreReport]) -> String {
        var table = Table([
            Table.Column("STORE", importance: 9, minimum: 8), Table.Column("KIND", importance: 5, minimum: 9),
            Table.Column("ROLE", importance: 6, minimum: 8), Table.Column("SIZE", .right, importance: 7, minimum: 7),
            Table.Column("PATH", importance: 4, minimum: 12), Table.Column("STATE", importance: 8, minimum: 7),
        ])
        for report in reports {
            let store = report.declaration
            switch report.status {
            case .success(let status):
                table.add([
                    store.name, store.kind.rawValue, store.role.rawValue, status.bytes.map { ByteCount($0).text } ?? "?", store.path, "ok",
                ])
            case .failure: table.add([store.name, store.kind.rawValue, store.role.rawValue, "?", store.path, "PROBLEM"])
            }
        }
        return table.text(for: terminal)
    }
}
