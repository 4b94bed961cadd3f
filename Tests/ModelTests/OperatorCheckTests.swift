import Model
import Testing

/// `checks` of a cluster file.
@Suite struct OperatorCheckTests {
    private func parse(_ checks: String) throws -> ClusterFile {
        try ClusterFile(parsing: wholeClusterFile + "checks:\n" + checks, at: "/f.yaml")
    }

    @Test func `a check is a question to a store, or a command, with what is expected`() throws {
        let file = try parse(
            """
              - {name: rows, store: accounts, sql: "SELECT 1", expect: "1", timeout: 2s}
              - {name: none, store: accounts, sql: "SELECT 1 WHERE 0", expect: ""}
              - {name: index, command: test -s index.html}
            """)
        #expect(
            file.checks == [
                OperatorCheck(
                    name: "rows", store: "accounts", question: .sql("SELECT 1", database: nil), expected: "1", timeoutMilliseconds: 2000),
                OperatorCheck(name: "none", store: "accounts", question: .sql("SELECT 1 WHERE 0", database: nil), expected: ""),
                OperatorCheck(name: "index", question: .command("test -s index.html"), timeoutMilliseconds: 60_000),
            ])
    }

    @Test(arguments: [
        ("{name: a, store: accounts, sql: SELECT 1}", "lacks expect"), ("{name: a, sql: SELECT 1, expect: one}", "lacks store"),
        ("{name: a, store: uploads, sql: SELECT 1, expect: one}", "answers no sql"),
        ("{name: a, store: account, sql: SELECT 1, expect: one}", "did you mean accounts"),
        ("{name: a, store: accounts, sql: SELECT 1, expect: 1}", "in quotes"),
        ("{name: a, store: accounts, sql: SELECT 1, expect: one, database: d}", "database means nothing"),
        ("{name: a}", "either sql or command"), ("{name: a, sql: x, command: y}", "either sql or command"),
        ("{name: a, command: x, timeout: soon}", "not a length of time"), ("{name: a b, command: x}", "check name"),
        ("{name: a, command: x, expects: y}", "did you mean expect"), ("[a]", "not a mapping"),
    ])
    func `what makes no sense is told with its line and what to write`(_ check: String, _ words: String) throws {
        let failure = #expect(throws: Failure.self) { try parse("  - \(check)\n") }
        let told = "\(failure?.message ?? "") \(failure?.hint ?? "")"
        #expect(failure?.code == .clusterFile && told.contains(words) && told.contains("/f.yaml:16"), "\(told)")
        #expect(
            #expect(throws: Failure.self) { try parse("  - {name: a, command: x}\n  - {name: a, command: y}\n") }?.message.contains(
                "second check") == true)
    }
}
