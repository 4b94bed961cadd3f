/// What a restore could not make, and how it is made by hand once the cause is gone.
package struct RestoreRemedy: Hashable, Sendable, Codable {
    /// Where it is to be run: a database.
    package var database: String
    package var what: String
    package var reason: String
    /// In SQL, each statement with its semicolon.
    package var sql: String

    package init(database: String, what: String, reason: String, sql: String) {
        self.database = database
        self.what = what
        self.reason = reason
        self.sql = sql
    }
}
