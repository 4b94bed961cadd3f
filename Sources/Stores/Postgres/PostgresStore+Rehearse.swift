import Archiving
package import HostIO
package import Model
package import StoreContract

extension PostgresStore {
    /// The dumps are loaded into a server of our own, or one is started on the files; its rows are counted, and `pg_amcheck` looks through its tables and
    /// indexes.
    package func rehearse(
        _ image: StoreImage, of record: StoreRecord, scratch: ScratchDirectory, job: JobControl
    ) throws -> any RehearsedStore {
        try asFailure {
            let name = declaration.name
            let isDumps = try DumpLayout.databases(in: image.tree) != nil
            do { try requirePrograms(for: image.tree, isDumps) } catch {
                return try reading(image, record, "\(Failure(describing: error).message): all was read, and not opened", scratch, job)
            }
            let folder = Path.join(scratch.path, name)
            try makeDirectories(folder)
            job.begin(phase: "restoring \(name)")
            let start = host.clock.monotonicNanoseconds()
            let dump = ImageDump(store: self, image: image.tree, extent: .whole, host: host)
            let (server, programs, unmade) = try dump.serve(in: folder, job)
            do {
                var findings = RehearsalFindings()
                let restored = host.clock.monotonicNanoseconds()
                job.begin(phase: "checking \(name)")
                findings.bytes = try ImageCensus(of: image.tree, job: job).bytes
                findings.restoreSeconds = Double(restored &- start) / 1e9
                findings.proofs.append("a server of PostgreSQL \(isDumps ? "loads the dumps" : "recovers from the files") and serves them")
                findings.note(unmade)
                let lacking = Set(unmade.filter(\.isOfRows).flatMap { [$0.what, "\($0.what) in \($0.database)"] })
                try RehearsalCheck(server: server, programs: programs, lacking: lacking, job: job).run(record, &findings)
                findings.checkSeconds = Double(host.clock.monotonicNanoseconds() &- restored) / 1e9
                return RehearsedServer(
                    findings: findings, server: server, database: databaseOfConnection, user: ConnectionText.user(of: access.connection))
            } catch {
                let error = server.explained(error)
                server.stop()
                throw error
            }
        }
    }

    private func requirePrograms(for image: ImageTree, _ isDumps: Bool) throws {
        let name = declaration.name
        guard !isDumps else {
            _ = try ServerPrograms.newest(access, store: name)
            return
        }
        _ = try ServerPrograms.require(access, told: nil, release: try ImageOrigin(of: image, named: name, access).release, store: name)
    }

    private func reading(
        _ image: StoreImage, _ record: StoreRecord, _ gap: String, _ scratch: ScratchDirectory, _ job: JobControl
    ) throws -> any RehearsedStore {
        try RehearsedFiles.reading(image.tree, of: record, gap: gap, at: scratch.path, clock: host.clock, job: job)
    }

    /// The one that the operator's own connection leads to.
    private var databaseOfConnection: String? { ConnectionText.database(of: access.connection) }
}

extension RehearsalFindings {
    /// A restore would leave them out as well.
    fileprivate mutating func note(_ unmade: [UnmadeObject]) {
        let most = 20
        gaps += unmade.prefix(most).map { printable($0.text, limit: 400) }
        if unmade.count > most { gaps.append("and \(counted(unmade.count - most, "object")) more cannot be made") }
    }
}

/// What is looked at in a server that has loaded an image.
private struct RehearsalCheck {
    let server: ScratchServer
    let programs: ServerPrograms
    /// Rows that could not be loaded, which is told already.
    let lacking: Set<String>
    let job: JobControl

    func run(_ record: StoreRecord, _ findings: inout RehearsalFindings) throws {
        try compareRows(record, &findings)
        try amcheck(&findings)
    }

    private func compareRows(_ record: StoreRecord, _ findings: inout RehearsalFindings) throws {
        let kept = (record.kept ?? []).filter { !lacking.contains("the rows of \($0.table)") }
        guard !kept.isEmpty else {
            if lacking.isEmpty, record.extent != .structure {
                findings.gaps.append("no rows were counted when the backup was made, so none are compared")
            }
            return
        }
        let wanted = Set(kept.map(\.table))
        // Of tables that are divided by hashes all partitions count together.
        var (present, groups): ([String: Int64], [String: String]) = ([:], [:])
        for database in try databases() {
            let connection = try PostgresConnection(server.connection, database: database)
            defer { connection.close() }
            for table in try TableInventory(of: connection, database: database).tables where wanted.contains("\(table.text) in \(database)")
            {
                try job.checkCancelled()
                let rows = try connection.text("SELECT count(*) FROM ONLY \(quotedName(table.schema)).\(quotedName(table.name))")
                let group = "\(table.divided ?? table.text) in \(database)"
                groups["\(table.text) in \(database)"] = group
                present[group] = present[group, default: 0].addingSaturated(rows.flatMap { Int64($0) } ?? 0)
            }
        }
        var recorded: [String: Int64] = [:]
        for table in kept {
            let group = groups[table.table] ?? table.table
            recorded[group] = recorded[group, default: 0].addingSaturated(Int64(clamping: table.rows))
        }
        findings.compareRows(recorded.sorted { $0.key < $1.key }.map { (table: $0.key, rows: $0.value) }) { present[$0] }
    }

    private func databases() throws -> [String] {
        let connection = try PostgresConnection(server.connection)
        defer { connection.close() }
        return try DatabaseInventory(of: connection).saved
    }

    /// Comes with PostgreSQL; some put its extension into a package of its own.
    private func amcheck(_ findings: inout RehearsalFindings) throws {
        guard try statusOfPath(Path.join(programs.folder, "pg_amcheck")) != nil, try hasExtension() else {
            findings.gaps.append("pg_amcheck is not there, so tables and indexes were not looked through")
            return
        }
        let outcome = try programs.shutIn("pg_amcheck", at: server.door, settings: server.settingsOfPrograms()) { _ in
            ["--all", "--no-password", "--install-missing", "--heapallindexed", "--maintenance-db=\(server.connectionOfPrograms)"]
        }.run()
        try job.checkCancelled()
        if outcome.succeeded {
            findings.proofs.append("pg_amcheck finds nothing")
        } else {
            let words = outcome.output.isEmpty ? outcome.errorText : outcome.outputText
            findings.problems.append("pg_amcheck: \(printable(words.split(separator: "\n").prefix(3).joined(separator: "; "), limit: 300))")
        }
    }

    private func hasExtension() throws -> Bool {
        let connection = try PostgresConnection(server.connection)
        defer { connection.close() }
        return try connection.isTrue("SELECT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck')")
    }
}

/// A server of our own with what a backup holds.
private struct RehearsedServer: RehearsedStore {
    let findings: RehearsalFindings
    let server: ScratchServer
    let database: String?
    /// Whose search path questions are asked with.
    let user: String?

    var path: String { server.dataDirectory }
    var held: String? { server.socketDirectory }

    /// As libpq reads them.
    var environment: [String: String] {
        [
            "PGHOST": "/proc/self/fd/\(RehearsedPlace.descriptor)", "PGPORT": "\(ScratchPlace.port)", "PGUSER": server.user,
            "PGDATABASE": database ?? "postgres", "PGOPTIONS": ScratchSettings.session,
        ]
    }

    /// What a role and a database have set, in the order in which the server goes by it: nothing, for most.
    private static let searchPath = """
        SELECT substr(c, 13) FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE c LIKE 'search\\_path=%'
          AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
          AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = $1)) ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1
        """

    /// Tables are found as the operator's own sessions find them.
    func answer(_ sql: String, in name: String?, limit: Int64) throws -> String {
        let connection = try PostgresConnection(server.connection, database: name ?? database ?? "postgres")
        defer { connection.close() }
        do throws(PostgresError) {
            try connection.execute("SET statement_timeout = \(limit)")
            let path = try connection.text(Self.searchPath, [user])
            _ = try connection.text("SELECT set_config('search_path', $1, false)", [path ?? "\"$user\", public"])
            return try connection.rows(sql).map { $0.map { $0 ?? "" }.joined(separator: "|") }.joined(separator: "\n")
        } catch {
            // Cancelled by its own limit (PostgreSQL, appendix "Error Codes").
            guard error.state == "57014" else { throw error }
            throw Failure(.refused, "it ran past its timeout", hint: "give the check a longer timeout, or ask less")
        }
    }

    func close() { server.stop() }
}
