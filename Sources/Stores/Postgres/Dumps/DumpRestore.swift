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
        /// They hold what the image is known to lack, and stay as they are.
        var spared: [String] = []
        /// Roles and the like.
        var globals = false
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
        plan.cautions = difference.spared.map { "\($0) differs and \(Self.whySpared)" }
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
        var issues = try target.loadGlobals(try AtomicFile.read(globals, limit: 1 << 26))
        var unmade: [UnmadeObject] = []
        var left: [RowsRefused] = []
        for dump in dumps {
            try job.checkCancelled()
            let load = DatabaseLoad(target: target, dump: dump, sums: target.store.rowSums, job: job, isCompared: true)
            do { unmade += try load.run() } catch let refused as RowsRefused { left.append(refused) }
        }
        for database in difference.deleted { try target.drop(database) }
        if !isNew { issues += try target.dropRoles(besides: try roles(globals)) }
        let collector = IssueCollector(job: job)
        for dump in dumps { if let problem = try target.analysis(dump.name) { collector.add(problem) } }
        try target.makeDurable()
        for issue in issues { collector.add(EntryIssue(kind: .unrestored, path: "roles", detail: printable(issue, limit: 400))) }
        for issue in unmade.map(\.issue) + left.map(\.issue) { collector.add(issue) }
        for database in difference.spared {
            collector.add(EntryIssue(kind: .unrestored, path: printable(database, limit: 100), detail: Self.whySpared))
        }
        let census = try ImageCensus(of: image, job: job)
        let count = difference.created.count + difference.replaced.count + difference.deleted.count
        var outcome = StoreRestoreOutcome(
            bytesWritten: count == 0 ? 0 : census.bytes, entriesChanged: count + (difference.globals ? 1 : 0), issues: collector)
        outcome.remedies = unmade.compactMap(\.laterSQL)
        return outcome
    }

    /// The names of `CREATE ROLE name;` in a file of globals.
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
                difference.spared.append(database)
            } else {
                difference.replaced.append(database)
            }
        }
        difference.globals = try text(Path.join(place, DumpLayout.globals), isOneRelease) != text(unpackGlobals(), isOneRelease)
        return difference
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

    /// Without lines that differ in every dump, and such as releases of Holdfast write in several ways. Releases say in different words how a role is a member of another.
    private func text(_ file: String, _ isOneRelease: Bool) throws -> [String] {
        let left = ["\\restrict ", "\\unrestrict ", "-- ", "SET client_encoding = "].map { Array($0.utf8) }
        let lines = try AtomicFile.read(file, limit: 1 << 26).split(separator: UInt8(ascii: "\n")).filter { line in
            !left.contains { line.starts(with: $0) }
        }.map { ByteText.text($0) }
        guard !isOneRelease else { return lines }
        return lines.map { line in
            guard line.hasPrefix("GRANT ") else { return line }
            let ends = [" WITH ", " GRANTED BY "].compactMap { line.ranges(of: $0).first?.lowerBound }
            return ends.min().map { String(line[..<$0]) } ?? line
        }
    }
}
