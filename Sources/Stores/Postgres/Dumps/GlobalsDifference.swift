import Model

/// What `pg_dumpall` writes of roles and tablespaces, against what it writes of them as an image has them. It names only what is set, so loading the image's takes nothing
/// away: this does.
struct GlobalsDifference {
    /// Of the server as it is.
    var present: [SQLStatements.Statement] = []
    /// Of the image.
    var wanted: [SQLStatements.Statement] = []
    /// One release has written both. Others say in different words how a role is a member of another.
    var isOneRelease = true

    /// Settings are a set, and each server has its own places for tablespaces.
    var areSame: Bool { comparable(present) == comparable(wanted) }

    private func comparable(_ statements: [SQLStatements.Statement]) -> [String] {
        // Those of a session say how the text is written.
        statements.filter { !$0.text.hasPrefix("SET ") }.map(text).sorted()
    }

    private func text(_ statement: SQLStatements.Statement) -> String {
        let text = statement.text
        if let made = TablespaceStatement(statement.bytes) { return "CREATE TABLESPACE \(made.quotedName)" }
        // No end and one that never comes are the same, and the first cannot be set again.
        if text.hasPrefix("ALTER ROLE ") { return text.replacing(" VALID UNTIL 'infinity'", with: "") }
        guard !isOneRelease, Membership(statement) != nil else { return text }
        let ends = [" WITH ", " GRANTED BY "].compactMap { text.ranges(of: $0).first?.lowerBound }
        return ends.min().map { String(text[..<$0]) } ?? text
    }

    /// Statements that come before those of the image, which set again what is to be there.
    var removals: [String] {
        let kept = Set(wanted.map(\.text))
        let members = Set(wanted.compactMap { Membership($0)?.pair })
        return present.filter { !kept.contains($0.text) }.compactMap { statement in
            if let membership = Membership(statement) {
                return isOneRelease || !members.contains(membership.pair) ? membership.revocation : nil
            }
            return Attributes(statement).map(removal) ?? Self.removal(SQLWords.texts(statement))
        }
    }

    /// Of tablespaces that the image has not: a server drops those that are empty.
    var dropsOfTablespaces: [String] {
        let names = { (statements: [SQLStatements.Statement]) in statements.compactMap { TablespaceStatement($0.bytes)?.quotedName } }
        let kept = Set(names(wanted))
        return names(present).filter { !kept.contains($0) }.map { "DROP TABLESPACE \($0)" }
    }

    /// Of a role that stays: what its statement sets and the image's does not.
    private func removal(_ attributes: Attributes) -> String? {
        guard let other = wanted.lazy.compactMap(Attributes.init).first(where: { $0.role == attributes.role }) else { return nil }
        let defaults = [("VALID", "VALID UNTIL 'infinity'"), ("PASSWORD", "PASSWORD NULL"), ("CONNECTION", "CONNECTION LIMIT -1")]
        let gone = defaults.filter { attributes.words.contains($0.0) && !other.words.contains($0.0) }.map(\.1)
        return gone.isEmpty ? nil : "ALTER ROLE \(attributes.role) \(gone.joined(separator: " "))"
    }

    /// Of settings, rights, comments and labels.
    private static func removal(_ words: [String]) -> String? {
        let head = words.prefix(2).joined(separator: " ")
        switch (head, words.count) {
        case ("ALTER ROLE", 5...) where words[3] == "SET": return "ALTER ROLE \(words[2]) RESET \(words[4])"
        case ("ALTER TABLESPACE", 5...) where words[3] == "SET":
            let names = words[4...].joined(separator: " ").split(separator: ",").compactMap { $0.split(separator: "=").first }
            return "ALTER TABLESPACE \(words[2]) RESET (\(names.map { $0.filter { $0 != "(" && $0 != " " } }.joined(separator: ", ")))"
        case ("COMMENT ON", 6...): return (words[..<4] + ["IS NULL"]).joined(separator: " ")
        case ("SECURITY LABEL", 8...): return (words[..<7] + ["IS NULL"]).joined(separator: " ")
        default: break
        }
        guard words.first == "GRANT", let on = words.firstIndex(of: "ON"), on + 4 < words.count, words[on + 3] == "TO" else { return nil }
        return "REVOKE ALL ON \(words[on + 1]) \(words[on + 2]) FROM \(words[on + 4])"
    }

    /// `GRANT role TO member …`.
    private struct Membership {
        let pair: [String]
        let revocation: String

        init?(_ statement: SQLStatements.Statement) {
            let words = SQLWords.texts(statement)
            guard words.count >= 4, words[0] == "GRANT", words[2] == "TO" else { return nil }
            pair = [words[1], words[3]]
            let by = words.count > 6 && words.suffix(3).starts(with: ["GRANTED", "BY"]) ? " " + words.suffix(3).joined(separator: " ") : ""
            revocation = "REVOKE \(words[1]) FROM \(words[3])\(by)"
        }
    }

    /// `ALTER ROLE name WITH …`.
    private struct Attributes {
        let role: String
        let words: [String]

        init?(_ statement: SQLStatements.Statement) {
            words = SQLWords.texts(statement)
            guard words.count > 3, words[0] == "ALTER", words[1] == "ROLE", words[3] == "WITH" else { return nil }
            role = words[2]
        }
    }
}

extension SQLWords {
    /// A name as it is, of a word that SQL may have quoted.
    static func unquoted(_ word: String) -> String {
        guard word.count > 1, word.hasPrefix("\""), word.hasSuffix("\"") else { return word }
        return String(word.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }

    static func texts(_ statement: SQLStatements.Statement) -> [String] {
        split(statement.bytes).map { ByteText.text(statement.bytes[$0]) }
    }
}
