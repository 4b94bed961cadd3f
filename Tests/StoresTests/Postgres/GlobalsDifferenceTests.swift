@testable import PostgresStore
import Testing

@Suite struct GlobalsDifferenceTests {
    private func statements(_ text: String) -> [SQLStatements.Statement] { Array(SQLStatements(Array(text.utf8))) }

    private func difference(_ present: String, _ wanted: String, isOneRelease: Bool = true) -> GlobalsDifference {
        GlobalsDifference(present: statements(present), wanted: statements(wanted), isOneRelease: isOneRelease)
    }

    @Test(arguments: [
        ("GRANT a TO \"b c\";", "REVOKE a FROM \"b c\""),
        ("GRANT a TO b WITH ADMIN OPTION GRANTED BY \"d e\";", "REVOKE a FROM b GRANTED BY \"d e\""),
        ("ALTER ROLE \"b c\" SET search_path TO 'x y', 'z';", "ALTER ROLE \"b c\" RESET search_path"),
        ("COMMENT ON ROLE \"b c\" IS 'a; b';", "COMMENT ON ROLE \"b c\" IS NULL"),
        ("COMMENT ON TABLESPACE \"b c\" IS 'a';", "COMMENT ON TABLESPACE \"b c\" IS NULL"),
        ("SECURITY LABEL FOR p ON ROLE b IS 's';", "SECURITY LABEL FOR p ON ROLE b IS NULL"),
        ("GRANT SET, ALTER SYSTEM ON PARAMETER \"x.y\" TO b WITH GRANT OPTION;", "REVOKE ALL ON PARAMETER \"x.y\" FROM b"),
        ("GRANT ALL ON TABLESPACE \"t u\" TO b;", "REVOKE ALL ON TABLESPACE \"t u\" FROM b"),
        (
            "ALTER TABLESPACE \"t u\" SET (random_page_cost=1.25, seq_page_cost=3);",
            "ALTER TABLESPACE \"t u\" RESET (random_page_cost, seq_page_cost)"
        ),
        (
            "ALTER ROLE r WITH NOLOGIN CONNECTION LIMIT 3 PASSWORD 'p' VALID UNTIL '2030-01-01 00:00:00+00';",
            "ALTER ROLE r VALID UNTIL 'infinity' PASSWORD NULL CONNECTION LIMIT -1"
        ),
    ])
    func `what the image has not is taken away`(_ present: String, _ removal: String) {
        let wanted = "CREATE ROLE r;\nALTER ROLE r WITH LOGIN;\n"
        let found = difference("CREATE ROLE r;\nALTER ROLE r WITH LOGIN;\n\(present)", wanted)
        #expect(found.removals == [removal] && !found.areSame)
        #expect(difference(wanted + present, wanted + present).removals.isEmpty)
    }

    @Test func `other places of tablespaces, another order of settings and an end that never comes are no difference`() {
        let one =
            "CREATE TABLESPACE \"t u\" OWNER a LOCATION '/one';\nALTER ROLE r SET a TO '1';\nALTER ROLE r SET b TO '2';\nALTER ROLE r WITH LOGIN;"
        let other =
            "CREATE TABLESPACE \"t u\" OWNER a LOCATION '/other';\nALTER ROLE r SET b TO '2';\nALTER ROLE r SET a TO '1';\nALTER ROLE r WITH LOGIN VALID UNTIL 'infinity';"
        #expect(difference(one, other).areSame)
        #expect(difference(one, other).dropsOfTablespaces.isEmpty)
        #expect(difference(one, "CREATE ROLE r;").dropsOfTablespaces == ["DROP TABLESPACE \"t u\""])
    }

    @Test func `releases say in different words how a role is a member of another`() {
        let (old, new) = ("GRANT a TO b;", "GRANT a TO b WITH INHERIT TRUE GRANTED BY postgres;")
        #expect(difference(new, old, isOneRelease: false).areSame && difference(new, old, isOneRelease: false).removals.isEmpty)
        #expect(!difference(new, old).areSame)
        #expect(difference(new, "GRANT c TO b;", isOneRelease: false).removals == ["REVOKE a FROM b GRANTED BY postgres"])
    }
}
