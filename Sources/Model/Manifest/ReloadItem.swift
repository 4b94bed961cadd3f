/// Something that a backup left out and that its operator must load again from its source.
package struct ReloadItem: Hashable, Sendable, Codable {
    /// `table public.fact_sales`, `files below /srv/acme/bulk`.
    package var what: String
    /// Rows of a table or number of files, when counted.
    package var count: UInt64?
    /// Logical bytes left out, when known.
    package var bytes: UInt64?

    package init(what: String, count: UInt64? = nil, bytes: UInt64? = nil) {
        self.what = what
        self.count = count
        self.bytes = bytes
    }
}
