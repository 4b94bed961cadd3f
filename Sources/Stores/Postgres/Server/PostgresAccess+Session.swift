import Model

extension PostgresAccess {
    /// A session with the server itself: where the database that `connection` names is not there (any more), with the one that every server has.
    func session(patience: Int = 10) throws(PostgresError) -> PostgresConnection {
        do throws(PostgresError) { return try PostgresConnection(connection, patience: patience) } catch {
            // invalid_catalog_name
            guard error.state == "3D000" else { throw error }
            return try PostgresConnection(connection, database: "template1", patience: patience)
        }
    }
}
