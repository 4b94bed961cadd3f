/// What a store is for; backup modes choose by it.
package enum StoreRole: String, Sendable, Codable, CaseIterable {
    case metadata, config, content, data
}

package enum StoreKind: String, Sendable, Codable, CaseIterable {
    case directory, sqlite, hdfs, postgres
}

/// One `stores:` entry of a cluster file, checked and with absolute paths.
package struct StoreDeclaration: Hashable, Sendable, Codable {
    package var name: String
    package var kind: StoreKind
    package var role: StoreRole
    /// Absolute; of an `hdfs` store its address, `hdfs://namenode:9870/lake`; of a `postgres` store its data directory, or its connection
    /// string when that is on another host.
    package var path: String
    /// Names or `*` patterns of tables whose rows can be reloaded from their source (`sqlite`, `postgres`).
    package var bulkTables: [String]
    /// Of a `postgres` store in a cluster file; a manifest does not have it.
    package var postgres: PostgresAccess?

    package init(
        name: String, kind: StoreKind, role: StoreRole, path: String, bulkTables: [String] = [], postgres: PostgresAccess? = nil
    ) {
        self.name = name
        self.kind = kind
        self.role = role
        self.path = path
        self.bulkTables = bulkTables
        self.postgres = postgres
    }
}

package enum BackupMode: String, Sendable, Codable, CaseIterable {
    case full, lightweight, dataless
}

/// How much of a store a backup of some mode keeps.
package enum StoreExtent: String, Sendable, Codable {
    /// Everything.
    case whole
    /// Everything but the rows of the bulk tables.
    case withoutBulkRows = "without-bulk-rows"
    /// Tables without rows, directories without files.
    case structure

    /// The rule of the three modes: full keeps all; lightweight leaves out `data` stores and bulk tables; dataless keeps the
    /// rows of `metadata` and `config` stores only.
    package init(mode: BackupMode, role: StoreRole, hasBulkTables: Bool) {
        switch (mode, role) {
        case (.full, _): self = .whole
        case (_, .data): self = .structure
        case (.dataless, .content): self = .structure
        case (.lightweight, _), (.dataless, _): self = hasBulkTables ? .withoutBulkRows : .whole
        }
    }
}
