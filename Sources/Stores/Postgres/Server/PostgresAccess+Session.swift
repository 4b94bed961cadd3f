import Model

extension PostgresAccess {
    /// Whether `databases` in the cluster file names it, as it is called or as it is shown (`caf\xe9`); all do where there is no such list.
    func wants(_ database: String) -> Bool { databases.isEmpty || databases.contains { Self.means($0, database) } }

    static func means(_ written: String, _ database: String) -> Bool {
        written == database || ByteText.meant(by: written) == database
    }

    /// A session with the server itself: where the database that `connection` names is not there (any more), with the one that every server has.
    func session(patience: Int = 10) throws(PostgresError) -> PostgresConnection {
        do throws(PostgresError) { return try PostgresConnection(connection, patience: patience) } catch {
            // invalid_catalog_name
            guard error.state == "3D000" else { throw error }
            return try PostgresConnection(connection, database: "template1", patience: patience)
        }
    }
}
