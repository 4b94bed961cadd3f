import Model
import StoreContract

/// What a backup of each mode would hold of a database, and what it would leave out.
struct BackupSizes {
    let declaration: StoreDeclaration
    let facts: DatabaseFacts
    let inventory: TableInventory
    let sizes: TableSizes?

    private var bulk: [TableInventory.Table] { inventory.tables.filter { isBulk($0) } }

    private func isBulk(_ table: TableInventory.Table) -> Bool {
        table.kind != .shadow && declaration.bulkTables.contains { TablePattern($0).matches(table.name) }
    }

    var byMode: [BackupMode: UInt64]? {
        guard let sizes else { return nil }
        return Dictionary(
            uniqueKeysWithValues: BackupMode.allCases.map { mode in
                (mode, bytes(of: StoreExtent(mode: mode, role: declaration.role, hasBulkTables: !bulk.isEmpty), sizes))
            })
    }

    private func bytes(of extent: StoreExtent, _ sizes: TableSizes) -> UInt64 {
        let page = UInt64(max(0, facts.pageSize))
        switch extent {
        case .whole: return facts.bytes
        case .structure: return page.multipliedSaturated(by: sizes.trees.values.reduce(1) { $0.addingSaturated(UInt64(clamping: $1)) })
        case .withoutBulkRows:
            let left = bulk.saturatedSum { sizes.bytes[$0.name] ?? 0 }
            let kept = bulk.saturatedSum { page.multipliedSaturated(by: UInt64(clamping: sizes.trees[$0.name] ?? 0)) }
            return (facts.bytes - min(left, facts.bytes)).addingSaturated(kept)
        }
    }

    /// What a lightweight backup leaves out: the bulk tables; all tables of a `data` store.
    var reloadable: [ReloadItem] {
        let left = declaration.role == .data ? inventory.tables.filter { $0.kind != .shadow } : bulk
        return left.map { ReloadItem(what: "table \($0.name)", count: inventory.rows(of: $0.name), bytes: sizes?.bytes[$0.name]) }
    }
}
