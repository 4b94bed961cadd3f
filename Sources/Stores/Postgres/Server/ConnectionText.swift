import CPQ

/// Connection strings of libpq.
enum ConnectionText {
    /// The settings that a string names, without secrets and without what libpq adds.
    private static func settings(of text: String) -> [(key: String, value: String)] {
        guard let options = PQconninfoParse(text, nil) else { return [] }
        defer { PQconninfoFree(options) }
        var settings: [(key: String, value: String)] = []
        var next = options
        while let keyword = next.pointee.keyword {
            // A display option of "*" marks a password.
            let isSecret = next.pointee.dispchar.map { $0.pointee == CChar(UInt8(ascii: "*")) } ?? false
            if !isSecret, let value = next.pointee.val { settings.append((String(cString: keyword), String(cString: value))) }
            next += 1
        }
        return settings
    }

    /// For messages: where it leads.
    static func shown(_ text: String) -> String {
        let settings = settings(of: text)
        let words = ["host", "hostaddr", "port", "dbname"].compactMap { key in
            settings.first { $0.key == key }.map { "\(key)=\($0.value)" }
        }
        return words.isEmpty ? "the local PostgreSQL server" : "PostgreSQL at \(words.joined(separator: " "))"
    }

    /// Of one of its settings; nil when it does not say.
    static func value(_ key: String, of text: String) -> String? { settings(of: text).first { $0.key == key }?.value }

    /// The database that it names; nil when it names none.
    static func database(of text: String) -> String? { settings(of: text).first { $0.key == "dbname" }?.value }

    /// The role that it names; nil when it names none.
    static func user(of text: String) -> String? { settings(of: text).first { $0.key == "user" }?.value }

    /// Settings for the session that it names (`options`).
    static func options(of text: String) -> String? { settings(of: text).first { $0.key == "options" }?.value }

    /// For programs, which take it as one argument: without settings of the session, which go with others before it (``SessionSettings``).
    static func ofProgram(_ text: String, database: String? = nil) -> String {
        let kept = settings(of: text).filter { $0.key != "options" && (database == nil || $0.key != "dbname") }
        return (kept + (database.map { [("dbname", $0)] } ?? [])).map { "\($0.key)=\(quoted($0.value))" }.joined(separator: " ")
    }

    /// The same server, another database.
    static func text(_ text: String, database: String) -> String {
        let others = settings(of: text).filter { $0.key != "dbname" }
        return (others + [("dbname", database)]).map { "\($0.key)=\(quoted($0.value))" }.joined(separator: " ")
    }

    /// By scalars: a mark that joins what stands before it makes one character of both.
    static func quoted(_ value: String) -> String {
        var result = String.UnicodeScalarView("'".unicodeScalars)
        for scalar in value.unicodeScalars {
            if scalar == "\\" || scalar == "'" { result.append("\\") }
            result.append(scalar)
        }
        result.append("'")
        return String(result)
    }
}
