import StoreContract
import Testing

@Suite struct TablePatternTests {
    @Test(
        "a star stands for any run of characters and case does not matter",
        arguments: [
            ("fact_*", "fact_sales", true), ("fact_*", "fact_", true), ("fact_*", "a_fact_x", false), ("*", "anything", true),
            ("*_log", "audit_LOG", true), ("*_log", "_logs", false), ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false),
            ("a*a", "a", false), ("a*a", "aa", true), ("plain", "PLAIN", true), ("plain", "plain2", false), ("", "", true),
            ("**", "x", true), ("a*bc*bc", "abcbc", true), ("a*bc*bc", "abc", false),
        ])
    func matching(pattern: String, name: String, expected: Bool) {
        #expect(TablePattern(pattern).matches(name) == expected)
    }
}
