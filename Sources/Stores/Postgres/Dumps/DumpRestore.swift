import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract

/// Puts dumps back into a server that serves, database by database.
struct DumpRestore {
    private let target: DumpTarget
    private let image: ImageTree
    private let databases: [String]
    private let scratch: String
    private let job: JobControl

    /// Nil for an image that is not made of dumps.
    init?(_ image: ImageTree, into store: PostgresStore, scratch: String, host: Host, job: JobControl) throws {
        guard let databases = try DumpLayout.databases(in: image) else { return nil }
        self.databases = databases
        self.image = image
        self.scratch = scratch
        self.job = job
        target = try DumpTarget(store, host: host)
    }

    /// How the databases of the server differ from those of the image.
    struct Difference {
        var created: [String] = []
        var replaced: [String] = []
        var deleted: [String] = []
        var unchanged: [String] = []
        /// They stay as they are.
        var spared: [Spared] = []
        /// What goes with those that do not.
        var losses: [String] = []
        /// Roles and the like.
        var globals = false
        var changes = GlobalsDifference()
    }

    struct Spared {
        var database: String
        var why: String
    }

    func plan() throws -> StoreRestorePlan {
        target.store.rowSums.forgetReadBack()
        let census = try ImageCensus(of: image, job: job)
        guard try !target.isEmpty() else {
            return StoreRestorePlan(
                created: max(1, databases.count), bytesToWrite: census.bytes,
                examples: databases.prefix(20).map { "create database \($0)" },
                intoEmpty: true)
        }
        let difference = try compare()
        let changed = difference.created + difference.replaced
        var plan = StoreRestorePlan(
            created: difference.created.count, replaced: difference.replaced.count + (difference.globals ? 1 : 0),
            deleted: difference.deleted.count, unchanged: difference.unchanged.count,
            bytesToWrite: changed.isEmpty ? (difference.globals ? 1 : 0) : census.bytes,
            bytesAtStake: changed.isEmpty && difference.deleted.isEmpty ? 0 : target.facts.bytes ?? 0, examples: examples(difference),
            newestChange: changed.isEmpty && difference.deleted.isEmpty && !difference.globals ? nil : target.host.clock.now())
        plan.spared = difference.spared.count
        plan.cautions = difference.spared.map { "\(printable($0.database, limit: 100)) differs and \($0.why)" } + difference.losses
        return plan
    }

    private static let whySpared =
        "stays as it is, because the image is known to lack some of it; have the image's beside it: snapshot restore --database NAME --as NEW"

    private func examples(_ difference: Difference) -> [String] {
        let all =
            difference.deleted.map { "delete database \($0)" } + difference.replaced.map { "replace database \($0)" }
            + difference.created.map { "create database \($0)" } + (difference.globals ? ["replace roles"] : [])
        return Array(all.prefix(20))
    }

    func apply() throws -> StoreRestoreOutcome {
        target.store.rowSums.forgetReadBack()
        let isNew = try target.isEmpty()
        let difference = isNew ? Difference(created: databases) : try compare()
        let dumps = try (difference.created + difference.replaced).map { try dump(of: $0) }
        let globals = try unpackGlobals()
        var target = target
        try target.removeAbandoned()
        var issues = try target.run(difference.changes.removals) + target.loadGlobals(try AtomicFile.read(globals, limit: 1 << 26))
        let (unmade, left) = try load(dumps, target, deleting: difference.deleted)
        if !isNew { issues += try target.dropRoles(besides: try roles(globals)) + target.run(difference.changes.dropsOfTablespaces) }
        let collector = IssueCollector(job: job)
        for dump in try dumps.filter({ try target.holds(database: $0.name) }) {
            if let problem = try target.analysis(dump.name) { collector.add(problem) }
        }
        try target.makeDurable()
        for issue in issues { collector.add(EntryIssue(kind: .unrestored, path: "roles", detail: printable(issue, limit: 400))) }
        for issue in unmade.map(\.issue) + left + difference.spared.map({ Self.issue($0.database, $0.why) }) { collector.add(issue) }
        let census = try ImageCensus(of: image, job: job)
        let count = difference.created.count + difference.replaced.count + difference.deleted.count
        var outcome = StoreRestoreOutcome(
            bytesWritten: count == 0 ? 0 : census.bytes, entriesChanged: count + (difference.globals ? 1 : 0), issues: collector)
        outcome.remedies = unmade.compactMap(\.laterSQL)
        return outcome
    }

    private static func issue(_ database: String, _ words: String) -> EntryIssue {
        EntryIssue(kind: .unrestored, path: printable(database, limit: 100), detail: printable(words, limit: 2000))
    }

    /// What the server refuses to replace or to delete stays as it is, and keeps no other from its place.
    private func load(_ dumps: [DatabaseDump], _ target: DumpTarget, deleting deleted: [String]) throws -> ([UnmadeObject], [EntryIssue]) {
        var unmade: [UnmadeObject] = []
        var left: [EntryIssue] = []
        for dump in dumps {
            try job.checkCancelled()
            let load = DatabaseLoad(target: target, dump: dump, sums: target.store.rowSums, job: job, isCompared: true)
            do { unmade += try load.run() } catch let refused as RowsRefused { left.append(refused.issue) } catch let error as PostgresError
                where error.isRefusal
            {
                left.append(Self.issue(dump.name, "it cannot be made, and what was there is as it was: \(error.message)"))
            }
        }
        for database in deleted {
            do { try target.drop(database) } catch let error as PostgresError where error.isRefusal {
                left.append(Self.issue(database, "it cannot be deleted: \(error.message)"))
            }
        }
        return (unmade, left)
    }

    /// Those that a file of globals makes.
    private func roles(_ file: String) throws -> Set<String> {
        Set(SQLStatements(try AtomicFile.read(file, limit: 1 << 26)).compactMap(\.nameOfMadeRole))
    }

    /// What was read back while it was loaded is not read again.
    func check() throws -> StoreCheck {
        defer { target.store.rowSums.forgetReadBack() }
        let difference = try compare()
        let count =
            difference.created.count + difference.replaced.count + difference.deleted.count + (difference.globals ? 1 : 0)
        return StoreCheck(differences: count, examples: examples(difference))
    }

    // MARK: Comparing

    private func dump(of database: String) throws -> DatabaseDump {
        try DatabaseDump(database, of: image, in: scratch, target.programs, host: target.host, job: job)
    }

    private func unpackGlobals() throws -> String {
        let place = Path.join(scratch, DumpLayout.globals)
        try AtomicFile.write(image.bytes(of: [DumpLayout.globals], limit: 1 << 26) ?? [], to: place, mode: 0o600)
        return place
    }

    /// Dumps the server as it is, but for rows, and compares the dumps, one after the other; rows are added up on both sides.
    private func compare() throws -> Difference {
        let place = Path.join(scratch, "present-\(target.host.randomHex(bytes: 6))")
        defer { try? removeTree(place) }
        let writing = target.writing(into: place)
        try writing.writeGlobals(through: target.databaseForRoles(), job)
        var difference = Difference()
        var isOneRelease = true
        let wanted = Set(databases.map(ExactName.init))
        let present = Set(target.facts.databases.map(ExactName.init))
        // Images of earlier releases have no templates, and what an image does not know of it does not judge.
        let spared = SparedEntries(target.store.terms.lacking)
        let others = present.subtracting(wanted).subtracting(target.facts.templates.map(ExactName.init)).map(\.text)
        difference.deleted = others.filter {
            target.store.access.wants($0) && !spared.contains(printable($0, limit: 200))
        }.sorted()
        difference.created = wanted.subtracting(present).map(\.text).sorted()
        for database in wanted.intersection(present).map(\.text).sorted() {
            if try equals(database, writing, &isOneRelease) {
                difference.unchanged.append(database)
            } else if try spared.contains(printable(database, limit: 200)) && target.holdsTables(in: database) {
                difference.spared.append(Spared(database: database, why: Self.whySpared))
            } else {
                difference.replaced.append(database)
            }
        }
        try holdBack(&difference)
        let statements = try [Path.join(place, DumpLayout.globals), unpackGlobals()].map {
            Array(SQLStatements(try AtomicFile.read($0, limit: 1 << 26)))
        }
        difference.changes = GlobalsDifference(present: statements[0], wanted: statements[1], isOneRelease: isOneRelease)
        difference.globals = !difference.changes.areSame
        return difference
    }

    /// Databases that the server would not let go of stay; what goes with the others is told.
    private func holdBack(_ difference: inout Difference) throws {
        let session = try target.session()
        defer { session.close() }
        for database in difference.replaced + difference.deleted {
            let holds = DatabaseHolds(session: session, database: database)
            if let why = try holds.prepared() {
                difference.spared.append(Spared(database: database, why: why))
            } else {
                difference.losses += try holds.losses()
            }
        }
        let spared = Set(difference.spared.map(\.database))
        difference.replaced.removeAll(where: spared.contains)
        difference.deleted.removeAll(where: spared.contains)
    }

    /// Whether the server's is as the image's.
    private func equals(_ database: String, _ writing: DumpWriting, _ isOneRelease: inout Bool) throws -> Bool {
        let dump = try dump(of: database)
        // Nothing else of it could be compared.
        guard try target.hasEncoding(of: dump) else { return false }
        var writing = writing
        writing.encoding = dump.encoding.name
        let right: String
        do { right = try writing.write(database, .besides(tables(of: database)), job) } catch let failure as Failure
            where failure.code == .store
        {
            // What cannot be read any more is not what it was.
            let dumping = ReadableDump(writing: writing, database: database) { try target.session(database) }
            guard try !dumping.isReadable(job) else { throw failure }
            try removeTree(writing.place(of: database))
            return false
        }
        let comparison = DumpComparison(programs: target.programs, left: dump.folder, right: right)
        defer { try? removeTree(right) }
        if try !comparison.areOfOneRelease() { isOneRelease = false }
        guard try comparison.haveSameDefinitions(job) else { return false }
        do { return try RowComparison(target: target, dump: dump, sums: target.store.rowSums, job: job).areSame() } catch let error
            as PostgresError where error.isOfContents
        {
            return false
        }
    }

    private func tables(of database: String) throws -> [TableInventory.Table] {
        let session = try target.session(database)
        defer { session.close() }
        return try TableInventory(of: session, database: database).tables.filter { !$0.isMaterializedView }
    }
}
