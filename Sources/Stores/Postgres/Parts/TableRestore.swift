import HostIO
import Model
import StoreContract

/// One table of an image beside those of the database, or in the place of one, which is kept under another name.
///
/// In the copy of the image the table moves into a schema of its own, with its indexes and sequences; so it can be loaded and compared beside
/// the one that is there, and gets its place by renames, in one transaction.
struct TableRestore: PartRestore {
    let plan: StorePartPlan
    let source: PartSource
    private let target: DumpTarget
    private let host: Host
    private let table: TableName
    private let place: TableName
    private let keptAs: String?

    init(_ text: String, _ source: PartSource, _ target: DumpTarget, _ part: StorePart, host: Host) throws {
        self.source = source
        self.target = target
        self.host = host
        let session = try source.session(source.database)
        defer { session.close() }
        let found = try FoundTable(text, in: session, source.database)
        let place = part.newName.map { TableName(parsing: $0, schema: found.name.schema) } ?? found.name
        table = found.name
        self.place = place
        try PartNames.check(place.name)
        guard try target.holds(database: source.database) else {
            throw Failure(
                .notFound, "there is no database \(source.database) on the server to put a table into",
                hint: "restore the whole database: leave out --table")
        }
        let live = try target.session(source.database)
        defer { live.close() }
        let isThere = try place.exists(in: live)
        if isThere, part.newName != nil {
            throw Failure(.exists, "there is \(place) in \(source.database)", hint: "choose another name with --as")
        }
        if isThere { try place.checkReplaceable(in: live, source.database) }
        let kept = isThere ? TableName(schema: place.schema, name: PartNames.join(place.name, "_before_\(host.clock.now().compact)")) : nil
        keptAs = kept?.name
        let needed = try source.roles(
            session,
            """
            d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND (
              (d.classid = 'pg_class'::regclass AND (d.objid = $1::oid OR d.objid IN (\(TableName.sequences)))) OR
              (d.classid = 'pg_policy'::regclass AND d.objid IN (SELECT oid FROM pg_policy WHERE polrelid = $1::oid)))
            """, [found.number])
        plan = StorePartPlan(
            id: host.randomHex(bytes: 6), what: "table \(found.name) in \(source.database)", name: place.description, rows: found.rows,
            bytes: found.bytes, keptAs: kept?.description,
            roles: try needed.subtracting(target.roles()).sorted(),
            warnings: found.isUnlogged ? ["\(found.name) is unlogged: an image of files has no rows of it"] : [],
            undo: kept.map {
                ["DROP TABLE \(place.quoted)", "ALTER TABLE \($0.quoted) RENAME TO \(quotedName(place.name))"]
            } ?? [])
    }

    func run(_ job: JobControl) throws -> StorePartOutcome {
        let staging = TableName(schema: "holdfast_\(host.randomHex(bytes: 6))", name: table.name)
        job.begin(phase: "taking \(plan.what) out of the image")
        // Event triggers of the image have no say on its copy.
        try source.execute("UPDATE pg_catalog.pg_event_trigger SET evtenabled = 'D'", in: source.database)
        try source.execute(
            "CREATE SCHEMA \(quotedName(staging.schema)); ALTER TABLE \(table.quoted) SET SCHEMA \(quotedName(staging.schema))",
            in: source.database)
        let dump = try source.dump(source.database, choosing: ["--table=\(staging.quoted)"], job)
        try target.makeRoles(try source.definitions(of: plan.roles, job))
        job.begin(phase: "loading \(plan.what)")
        let live = try target.session(source.database)
        defer { live.close() }
        StagingSchema.removeAbandoned(in: live)
        let schema = try StagingSchema(staging.schema, in: live)
        do {
            let unmade = try source.load(source.database, target, job) { try $0.runBeside() }
            if unmade.contains(where: { $0.isOfRows }) {
                throw RowsRefused(server: plan.what, object: unmade.first(where: \.isOfRows) ?? unmade[0])
            }
            job.begin(phase: "comparing \(plan.what)")
            let isSame = try isSame(as: dump.folder, staging, job)
            try job.checkCancelled()
            try settle(staging, live)
            try live.execute("ANALYZE \(place.quoted)")
            let names = [(staging.quotedAsNeeded, place.quotedAsNeeded), (staging.quoted, place.quoted), (staging.schema, place.schema)]
            return source.outcome(unmade, dump.lost, [], isSame: isSame, renaming: names, of: table.name)
        } catch {
            schema.drop()
            throw error
        }
    }

    private func isSame(as dump: String, _ staging: TableName, _ job: JobControl) throws -> Bool {
        var writing = target.writing(into: Path.join(source.folder, "target"))
        writing.encoding = try source.encoding(of: source.database)
        try makeDirectories(Path.join(writing.folder, DumpLayout.databases))
        let written = try writing.write(source.database, .all, choosing: ["--table=\(staging.quoted)"], job)
        return try DumpComparison(programs: target.programs, left: dump, right: written).haveSameRows(job)
    }

    /// All in one transaction, which waits for whoever uses the table for a while only.
    private func settle(_ staging: TableName, _ live: PostgresConnection) throws {
        var statements = ["SET LOCAL lock_timeout = '30s'"]
        if let keptAs {
            try place.checkReplaceable(in: live, source.database)
            statements += try place.renames(to: keptAs, in: live)
        }
        if place.name != staging.name { statements += try staging.renames(to: place.name, in: live) }
        let loaded = TableName(schema: staging.schema, name: place.name)
        statements.append("ALTER TABLE \(loaded.quoted) SET SCHEMA \(quotedName(place.schema))")
        statements.append("DROP SCHEMA \(quotedName(staging.schema))")
        try live.execute(statements.joined(separator: "; "), as: "put the table in its place")
    }
}
