import Archiving
import HostIO
import Model

/// What the dumps of an image need of a server before they are loaded: extensions, libraries that it has to begin with, locales, places of tablespaces.
struct DumpNeeds {
    struct Database {
        var name: String
        var extensions: [String]
        /// `CREATE DATABASE …`
        var creation: String
    }

    let databases: [Database]
    /// Old places of tablespaces.
    let tablespaces: [String]

    /// Reads the contents of the dumps, nothing else.
    init(_ image: ImageTree, job: JobControl) throws {
        let globals = SQLStatements(try image.bytes(of: [DumpLayout.globals], limit: 1 << 26) ?? [])
        tablespaces = globals.compactMap { TablespaceStatement($0.bytes)?.location }
        databases = try (DumpLayout.databases(in: image) ?? []).map { name in
            try job.checkCancelled()
            let path = [DumpLayout.databases, DumpLayout.folder(of: name), DumpContents.file]
            guard let bytes = try image.bytes(of: path, limit: 1 << 30) else {
                throw Failure(.damaged, "\(image.description): the dump of the database \(printable(name)) is not there")
            }
            let entries = try DumpContents(bytes, path.joined(separator: "/")).entries
            return Database(
                name: name, extensions: entries.compactMap(\.nameOfExtension), creation: DumpedDatabase(entries).creation)
        }
    }

    var extensions: Set<String> { Set(databases.flatMap(\.extensions)) }

    /// Of these, libraries by the name of their extension that a server has to have in `shared_preload_libraries`, and has not: they refuse to be loaded
    /// into one that runs, whatever it calls that. Asked by a superuser; nothing for others.
    static func toPreload(_ extensions: Set<String>, on connection: PostgresConnection) -> [String] {
        guard connection.rights.isSuperuser else { return [] }
        return extensions.sorted().filter { name in
            do throws(PostgresError) { try connection.execute("LOAD \(quotedText(name))") } catch {
                // undefined_file: its library has another name, or none.
                return !error.isUnreachable && !["58P01", "42501"].contains(error.state)
            }
            return false
        }
    }
}

extension DumpTarget {
    /// What the server lacks, a line each: without it some of the image cannot be made.
    func lacks(_ needs: DumpNeeds) throws -> [String] {
        let session = try session()
        defer { session.close() }
        let there = Set(try session.rows("SELECT name FROM pg_available_extensions").compactMap { $0[0] })
        let missing = needs.extensions.subtracting(there).sorted()
        let preloaded = DumpNeeds.toPreload(needs.extensions.intersection(there), on: session)
        let users = { (names: [String]) in
            needs.databases.filter { !Set($0.extensions).isDisjoint(with: names) }.map { printable($0.name, limit: 100) }.joined(
                separator: ", ")
        }
        var lines: [String] = []
        if !missing.isEmpty {
            lines.append(
                "\(users(missing)): the server lacks \(missing.joined(separator: ", ")): install it for PostgreSQL \(facts.major) on the server's host"
            )
        }
        if !preloaded.isEmpty {
            lines.append(
                "\(users(preloaded)): the server has to be started with \(preloaded.joined(separator: ", ")) in shared_preload_libraries; until then it is left out"
            )
        }
        let named = store.access.tablespaces ?? [:]
        let unnamed = needs.tablespaces.filter { named[PathText.normalise($0, relativeTo: "/")] == nil }
        if !unnamed.isEmpty {
            let places = unnamed.map { printable($0, limit: 200) }.joined(separator: ", ")
            lines.append(
                "the cluster file does not say where tablespaces go (tablespaces): \(places); what is in them goes into the default one")
        }
        return try lines + needs.databases.compactMap { try localeProblem($0, session) }
    }

    /// Of the C library, whose locales a host has or has not.
    private func localeProblem(_ database: DumpNeeds.Database, _ session: PostgresConnection) throws -> String? {
        let words = database.creation.matches(of: #/ (?:LOCALE|LC_COLLATE|LC_CTYPE) = '((?:[^']|'')*)'/#).map { String($0.1) }
        for locale in Set(words).sorted() where !["C", "POSIX", ""].contains(locale) {
            do throws(PostgresError) {
                try session.execute(
                    "BEGIN; CREATE COLLATION pg_temp.holdfast_probe (provider = libc, locale = '\(locale)'); ROLLBACK",
                    as: "look for a locale")
            } catch {
                try? session.execute("ROLLBACK")
                guard error.isRefusal else { throw error }
                // Of those who may not make one, nothing is known.
                if error.state == "42501" { return nil }
                return
                    "\(printable(database.name, limit: 100)): the server's host lacks the locale \(printable(locale, limit: 100)) (locale -a); without it the database gets the locale C"
            }
        }
        return nil
    }
}
