import Model

/// All that a server holds, as PostgreSQL's own programs tell it: `pg_dumpall --globals-only`, `pg_dump --schema-only` and the rows of every table.
///
/// What these programs do not promise is not compared:
/// - the keys of `\restrict`, which are drawn for each dump, and the releases that a dump names;
/// - the order of objects, where PostgreSQL goes by their numbers when names are the same;
/// - the order of settings of roles and databases, and of the roles of a policy: they are sets in the catalogue;
/// - the tablespace and access method that are in force between two statements: each object's own are compared;
/// - where tablespaces lie: each server has its own places;
/// - which partition of a table that is divided by hashes a row is in: hashes of enums go by numbers of the catalogue;
/// - of servers of two releases: bodies of views and rules, which a later one writes in other words, and the options of memberships that an earlier one does not know.
package struct PostgresInventory {
    /// By what they belong to.
    private var things: [String: [[UInt8]]] = [:]
    private let isOfOneRelease: Bool

    /// `teller`: whose programs are asked, because each release writes definitions in other words.
    package init(of server: PostgresServer, toldBy teller: PostgresServer, isOfOneRelease: Bool = true) throws {
        self.isOfOneRelease = isOfOneRelease
        let host = ["-h", server.home]
        add(lines: try teller.output(of: "pg_dumpall", host + ["--globals-only"]))
        let names = try teller.program(
            "psql", ["-XAtq0", "-d", "template1", "-c", "SELECT datname FROM pg_database WHERE datname <> 'template0'"] + host)
        for name in names.split(separator: "\0").map(String.init) {
            // Programs refuse to make a database of two lines.
            let create = name.contains("\n") ? [] : ["--create"]
            let dump = ["--schema-only"] + create + ["-d", PostgresZoo.connection(name)]
            add(dump: try teller.output(of: "pg_dump", host + dump), of: name)
            add(rows: try PostgresZoo.rows(server, name, toldBy: teller), of: name)
        }
        for key in things.keys { things[key]?.sort { $0.lexicographicallyPrecedes($1) } }
    }

    // MARK: Reading

    private static let newline = UInt8(ascii: "\n")
    private static let noise = [
        "\\restrict ", "\\unrestrict ", "-- Dumped ", "-- PostgreSQL database ", "SET default_tablespace ",
        "SET default_table_access_method ",
    ].map { Array($0.utf8) }

    private static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
        bytes.split(separator: newline).map(Array.init).filter { line in !noise.contains { line.starts(with: $0) } }
    }

    private mutating func add(_ line: [UInt8], to key: String) { things[key, default: []].append(line) }

    private mutating func add(lines bytes: [UInt8]) {
        for line in Self.lines(bytes) {
            var words = String(decoding: line, as: UTF8.self)
            if !isOfOneRelease {
                for option in [" GRANTED BY postgres", ", INHERIT TRUE", " WITH INHERIT TRUE"] { words = words.replacing(option, with: "") }
            }
            add([], to: "server: " + (words.ranges(of: " LOCATION '").first.map { words[..<$0.upperBound] + "…" } ?? words[...]))
        }
    }

    /// An object after the other, each below a line that says what it is.
    private mutating func add(dump bytes: [UInt8], of database: String) {
        var key = "\(database): session"
        var (method, hasOwnWords) = ("", false)
        for line in bytes.split(separator: Self.newline).map(Array.init) {
            let words = String(decoding: line, as: UTF8.self)
            if words.hasPrefix("SET default_table_access_method ") { method = words }
            if words.hasPrefix("-- Name: ") {
                key = "\(database): \(words.dropFirst("-- Name: ".count))"
                let hasMethod = ["; Type: TABLE; ", "; Type: MATERIALIZED VIEW; "].contains { words.contains($0) }
                hasOwnWords =
                    !isOfOneRelease && ["; Type: VIEW; ", "; Type: MATERIALIZED VIEW; ", "; Type: RULE; "].contains { words.contains($0) }
                add(hasMethod ? Array(method.utf8) : [], to: key)
            } else if !hasOwnWords, line != [UInt8(ascii: "-"), UInt8(ascii: "-")], !Self.noise.contains(where: { line.starts(with: $0) }) {
                add(words.hasPrefix("CREATE POLICY ") ? Self.withSortedRoles(words) : line, to: key)
            }
        }
    }

    /// `CREATE POLICY … TO a, b USING …`: names of the zoo have no commas.
    private static func withSortedRoles(_ line: String) -> [UInt8] {
        guard let start = line.ranges(of: " TO ").first?.upperBound else { return Array(line.utf8) }
        let rest = line[start...]
        let end = [" USING ", " WITH CHECK ", ";"].compactMap { rest.ranges(of: $0).first?.lowerBound }.min() ?? line.endIndex
        let roles = line[start..<end].split(separator: ", ").sorted().joined(separator: ", ")
        return Array((line[..<start] + roles + line[end...]).utf8)
    }

    private mutating func add(rows bytes: [UInt8], of database: String) {
        for line in Self.lines(bytes) {
            let key = line.prefix { $0 != UInt8(ascii: "\t") }
            add(Array(line.dropFirst(key.count)), to: "\(database): \(String(decoding: key, as: UTF8.self))")
        }
    }

    // MARK: Comparing

    /// A line each: `-` is missing in the other, `+` is there in addition, `~` is another.
    package func differences(in other: Self) -> [String] {
        Set(things.keys).union(other.things.keys).sorted().compactMap { key in
            guard let mine = things[key] else { return "+ \(key)" }
            guard let theirs = other.things[key] else { return "- \(key)" }
            guard mine != theirs else { return nil }
            let (gone, new) = (mine.first { !theirs.contains($0) } ?? [], theirs.first { !mine.contains($0) } ?? [])
            let words = { (line: [UInt8]) in String(decoding: line.prefix(200), as: UTF8.self) }
            return "~ \(key): \(mine.count) and \(theirs.count): \(words(gone)) | \(words(new))"
        }
    }

    /// `ignored`: a database that is no part of it.
    package func differences(in other: Self, besides known: [String], ignoring ignored: String? = nil) -> [String] {
        let found = differences(in: other).filter { line in ignored.map { !line.hasPrefix("+ \($0)") } ?? true }
        // What is another is known by its beginning.
        let isSame = { (line: String, known: String) in line == known || known.hasPrefix("~") && line.hasPrefix("\(known): ") }
        return found.filter { line in !known.contains { isSame(line, $0) } }
            + known.filter { one in !found.contains { isSame($0, one) } }.map { "not so any more: \($0)" }
    }
}
