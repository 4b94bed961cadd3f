import HostIO
import Model

/// Runs the statements of `globals.sql` one by one, through libpq: no program reads them, and nothing in them is anything but SQL.
struct GlobalsLoad {
    let target: DumpTarget
    /// Where tablespaces go.
    let places: Places

    enum Places {
        /// Into the data directory of a scratch server.
        case inside
        /// As the cluster file says: new paths by old ones.
        case named([String: String])
    }

    struct Outcome {
        var issues: [String] = []
        var lacksTablespaces = false
    }

    /// What exists already (duplicate_object) stays as it is; anything else that cannot be done is an issue, told by the place of its statement.
    func run(_ bytes: [UInt8]) throws -> Outcome {
        let session = try target.session()
        defer { session.close() }
        var outcome = Outcome()
        let there = Set(try session.rows("SELECT spcname FROM pg_tablespace", as: "list the tablespaces").compactMap { $0[0] })
        for statement in SQLStatements(bytes) {
            // Wherever it lies.
            if let made = TablespaceStatement(statement.bytes), there.contains(made.name) { continue }
            do {
                try target.administer(placed(statement.bytes), in: session, as: "load globals")
            } catch let error as PostgresError {
                guard !error.state.isEmpty, !error.isUnreachable else { throw error }
                guard error.state != "42710" else { continue }
                outcome.issues.append(Self.told(error.message, statement))
                if TablespaceStatement(statement.bytes) != nil { outcome.lacksTablespaces = true }
            } catch let error as UnnamedPlace {
                outcome.issues.append(Self.told(error.words, statement))
                outcome.lacksTablespaces = true
            }
        }
        return outcome
    }

    private static func told(_ message: String, _ statement: SQLStatements.Statement) -> String {
        "\(message) (line \(statement.line): \(printable(statement.text, limit: 100)))"
    }

    private struct UnnamedPlace: Error { var words: String }

    /// A statement that makes a tablespace names a directory of the server that it was dumped from; any other stays as it is.
    private func placed(_ statement: [UInt8]) throws -> [UInt8] {
        guard let made = TablespaceStatement(statement) else { return statement }
        switch places {
        case .inside: return made.at("")
        case .named(let named):
            if let place = named[PathText.normalise(made.location, relativeTo: "/")] { return made.at(place) }
            throw UnnamedPlace(
                words: "the cluster file does not say where the tablespace of \(printable(made.location, limit: 200)) goes (tablespaces)")
        }
    }
}

/// `CREATE TABLESPACE name OWNER role LOCATION 'path'`, as `pg_dumpall` writes it.
struct TablespaceStatement {
    /// With the quote that begins the location.
    private let head: [UInt8]
    let location: String
    /// As SQL quotes it.
    let quotedName: String

    init?(_ statement: [UInt8]) {
        let (begin, middle) = (Array("CREATE TABLESPACE ".utf8), Array(" LOCATION '".utf8))
        guard statement.starts(with: begin) else { return nil }
        quotedName = SQLWords.split(statement).dropFirst(2).first.map { ByteText.text(statement[$0]) } ?? ""
        // Names may hold anything: the last one counts, and the location goes up to the end.
        let starts = statement.indices.filter { statement[$0...].starts(with: middle) }
        guard let start = starts.last, statement.last == UInt8(ascii: "'") else {
            (head, location) = (begin, "")
            return
        }
        head = Array(statement[..<(start + middle.count)])
        location = ByteText.text(statement[(start + middle.count)...].dropLast()).replacing("''", with: "'")
    }

    var name: String { SQLWords.unquoted(quotedName) }

    func at(_ place: String) -> [UInt8] { head.dropLast() + ByteText.bytes(quotedText(place)) }
}
