/// What having one database or table out of an image would change in its store. Whoever plans one calls `StoreAdapter.releasePart` in the end.
package struct StorePartPlan: Hashable, Sendable, Codable {
    /// Of what the adapter holds for it.
    package var id: String
    /// "database acme", "table public.account in acme".
    package var what: String
    /// What it will be called.
    package var name: String
    /// Of a table.
    package var rows: UInt64?
    package var bytes: UInt64
    /// What has the name now gets this one; nil when nothing has it.
    package var keptAs: String?
    /// Roles that the part needs and the store lacks; they are made.
    package var roles: [String]
    /// What is unusual about it.
    package var warnings: [String]
    /// Statements that take it back; empty when the part stands beside what was there.
    package var undo: [String]

    package init(
        id: String, what: String, name: String, rows: UInt64? = nil, bytes: UInt64, keptAs: String? = nil, roles: [String] = [],
        warnings: [String] = [], undo: [String] = []
    ) {
        self.id = id
        self.what = what
        self.name = name
        self.rows = rows
        self.bytes = bytes
        self.keptAs = keptAs
        self.roles = roles
        self.warnings = warnings
        self.undo = undo
    }
}
