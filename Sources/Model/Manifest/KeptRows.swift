/// Rows of a table that a backup holds.
package struct KeptRows: Hashable, Sendable, Codable {
    /// `public.account in acme`.
    package var table: String
    package var rows: UInt64
    /// As they are dumped.
    package var bytes: UInt64

    package init(table: String, rows: UInt64, bytes: UInt64) {
        self.table = table
        self.rows = rows
        self.bytes = bytes
    }
}

/// In which form an image is kept or wanted.
package enum StoredForm: String, Hashable, Sendable, Codable {
    /// The one that outlives the store's release: of a PostgreSQL server, dumps.
    case portable
    /// The files of the store beside it, good for the same release.
    case physical
}
