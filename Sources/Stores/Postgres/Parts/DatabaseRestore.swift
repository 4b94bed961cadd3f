import Archiving
import HostIO
import Model
import StoreContract

/// One database of an image beside those of the server, or in the place of one, which is kept under another name.
///
/// It is loaded and compared under a name of its own, and gets its place by renames, in one transaction.
struct DatabaseRestore: PartRestore {
    let plan: StorePartPlan
    let source: PartSource
    private let target: DumpTarget
    private let host: Host

    init(_ source: PartSource, _ target: DumpTarget, _ part: StorePart, host: Host) throws {
        self.source = source
        self.target = target
        self.host = host
        let name = part.newName ?? source.database
        try PartNames.check(name)
        let isThere = try target.holds(database: name)
        if isThere, part.newName != nil {
            throw Failure(.exists, "there is a database \(name) on the server", hint: "choose another name with --as")
        }
        let kept = isThere ? PartNames.join(name, "_before_\(host.clock.now().compact)") : nil
        let session = try source.session()
        defer { session.close() }
        let known = [DatabaseName.parameter(source.database)]
        let number = try session.text("SELECT oid FROM pg_database WHERE \(DatabaseName.isIt)", known) ?? "0"
        let bytes = try session.text("SELECT pg_database_size($1::oid)", [number])
        let needed = try source.roles(
            session, "d.dbid = $1::oid OR (d.dbid = 0 AND d.classid = 'pg_database'::regclass AND d.objid = $1::oid)", [number])
        plan = StorePartPlan(
            id: host.randomHex(bytes: 6), what: "database \(source.database)", name: name,
            bytes: bytes.flatMap { UInt64($0) } ?? 0, keptAs: kept, roles: try needed.subtracting(target.roles()).sorted(),
            warnings: isThere ? ["sessions in the database \(name) end when it is replaced"] : [],
            undo: kept.map {
                ["DROP DATABASE \(quotedName(name))", "ALTER DATABASE \(quotedName($0)) RENAME TO \(quotedName(name))"]
            } ?? [])
    }

    func run(_ job: JobControl) throws -> StorePartOutcome {
        let staging = PartNames.join(source.database, "_holdfast_\(host.randomHex(bytes: 4))")
        job.begin(phase: "taking \(plan.what) out of the image")
        try source.rename(to: staging)
        let dump = try source.dump(staging, job)
        try target.makeRoles(try source.definitions(of: plan.roles, job))
        job.begin(phase: "loading \(plan.what)")
        do {
            let unmade = try source.load(staging, target, job) { try $0.run() }
            let slow = try target.analysis(staging)
            try target.makeDurable()
            job.begin(phase: "comparing \(plan.what)")
            let isSame = try isSame(as: dump.folder, staging, unmade, job)
            try job.checkCancelled()
            try target.place(staging, as: plan.name, keeping: plan.keptAs)
            return source.outcome(unmade, dump.lost, [slow?.text].compactMap { $0 }, isSame: isSame, renaming: [(staging, plan.name)])
        } catch {
            try? target.drop(staging)
            throw error
        }
    }

    /// What could not be made is told by itself: the rows are to be the same in any case.
    private func isSame(as dump: String, _ staging: String, _ unmade: [UnmadeObject], _ job: JobControl) throws -> Bool {
        var writing = target.writing(into: Path.join(source.folder, "target"))
        writing.encoding = try source.encoding(of: staging)
        try makeDirectories(Path.join(writing.folder, DumpLayout.databases))
        let written = try writing.write(staging, .all, job)
        let comparison = DumpComparison(programs: target.programs, left: dump, right: written)
        return try unmade.isEmpty ? comparison.areSame(job) : comparison.haveSameRows(job)
    }
}
