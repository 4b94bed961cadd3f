@testable import PostgresStore
import Testing

@Suite struct SQLStatementsTests {
    private func statements(_ text: String) -> [String] { SQLStatements(Array(text.utf8)).map(\.text) }

    @Test func `semicolons end statements, but for those that are quoted`() {
        #expect(statements("SELECT 1; SELECT 2 ;\n;; SELECT 3") == ["SELECT 1", "SELECT 2 ", "SELECT 3"])
        for whole in [
            "SELECT ';'", "SELECT 'it''s;'", "SELECT E'\\';'", "SELECT e'\\\\' ", "SELECT \"a;\"\"b\"", "SELECT $$;$$",
            "SELECT $a$ ; $$ ; $a$",
            "SELECT a$b;$b".replacing(";", with: ""), "SELECT 1 -- ; no\n + 2", "SELECT /* ; /* ; */ ; */ 1", "CREATE RULE r AS DO (a; b)",
            "SELECT 'é;日'", "SELECT name'\\'",
        ] { #expect(statements("\(whole);SELECT 2") == [whole, "SELECT 2"], "\(whole)") }
    }

    @Test func `a line with a backslash is a statement of its own, and keys of dumps are none`() {
        let text = """
            --
            \\restrict aZ09
            SET x = 1;
            \\! touch /tmp/x
            CREATE ROLE a;
              \\restrict a b
            \\unrestrict aZ09
            \\restrict `id`
            \\
            """
        #expect(statements(text) == ["SET x = 1", "\\! touch /tmp/x", "CREATE ROLE a", "\\restrict a b", "\\restrict `id`", "\\"])
        #expect(statements("SELECT 1 \\! touch /tmp/x\n;") == ["SELECT 1 \\! touch /tmp/x\n"], "a server refuses it")
        #expect(SQLStatements(Array("\n\n SELECT\n1;\n--\nX".utf8)).map(\.line) == [3, 6])
    }

    @Test func `the statements of a function's body are part of one statement`() {
        let one = "CREATE FUNCTION a() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END"
        let other = "create or replace procedure b() begin atomic select 2; end"
        #expect(statements("\(one);\n\(other); BEGIN; END;") == [one, other, "BEGIN", "END"])
    }

    @Test(arguments: ["", ";", "--", "/*", "'", "\"", "$$", "$a$ $b$", "E'\\", "(((", ")", "\\", "$", "$1", "/* /* */"])
    func `text that stops in the middle comes to an end`(_ text: String) {
        #expect(statements(text).count <= 1)
    }

    @Test func `the place of a tablespace is exchanged, whatever its name is`() throws {
        let statement = try #require(TablespaceStatement(Array(#"CREATE TABLESPACE "a LOCATION 'x'" OWNER b LOCATION '/srv/it''s'"#.utf8)))
        #expect(statement.location == "/srv/it's")
        #expect(String(decoding: statement.at("/n'w"), as: UTF8.self) == #"CREATE TABLESPACE "a LOCATION 'x'" OWNER b LOCATION '/n''w'"#)
        #expect(TablespaceStatement(Array("CREATE ROLE a".utf8)) == nil)
    }
}
