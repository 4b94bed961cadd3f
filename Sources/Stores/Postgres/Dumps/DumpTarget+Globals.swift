import Model

extension DumpTarget {
    /// Runs statements one by one, and gives what the server refuses.
    func run(_ statements: [String]) throws -> [String] {
        guard !statements.isEmpty else { return [] }
        let session = try session()
        defer { session.close() }
        return try statements.compactMap { statement in
            do { try administer(ByteText.bytes(statement), in: session, as: "make roles and tablespaces those of the image") } catch let
                error
                as PostgresError where error.isRefusal
            {
                return "\(error.message) (\(statement))"
            }
            return nil
        }
    }
}
