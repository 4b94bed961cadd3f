package import HostIO
package import Model
package import StoreContract

extension SQLiteStore {
    /// Restored as where there is no database, opened and proven by `integrity_check`, compared with the image page by page, its rows counted.
    package func rehearse(
        _ image: StoreImage, of record: StoreRecord, scratch: ScratchDirectory, job: JobControl
    ) throws -> any RehearsedStore {
        let folder = Path.join(scratch.path, declaration.name)
        try makeDirectories(folder)
        var moved = declaration
        moved.path = Path.join(folder, Path.lastComponent(declaration.path))
        let store = SQLiteStore(moved, host: host)
        var findings = RehearsalFindings()
        let start = host.clock.monotonicNanoseconds()
        let done = try store.apply(try store.planRestore(of: image, scratch: scratch, job: job), of: image, scratch: scratch, job: job)
        let restored = host.clock.monotonicNanoseconds()
        job.begin(phase: "checking \(declaration.name)")
        let check = try store.check(against: image, scratch: scratch, job: job)
        note(check, &findings)
        let hasOtherMetadata = check.examples.contains(Self.metadataExample)
        let other = check.differences - (hasOtherMetadata ? 1 : 0)
        if other > 0 {
            findings.problems.append(
                "\(counted(other, "table")) differ from the image: \(check.examples.prefix(3).joined(separator: "; "))")
        }
        if hasOtherMetadata { findings.gaps.append("\(Self.metadataExample) of the file could not be restored here") }
        try store.compareRows(with: record, &findings, job)
        findings.bytes = done.bytesWritten
        findings.restoreSeconds = Double(restored &- start) / 1e9
        findings.checkSeconds = Double(host.clock.monotonicNanoseconds() &- restored) / 1e9
        return RehearsedDatabase(path: moved.path, findings: findings, clock: host.clock)
    }

    private func note(_ check: StoreCheck, _ findings: inout RehearsalFindings) {
        if let damage = check.damage {
            findings.problems.append("the database is damaged: \(damage)")
        } else {
            findings.proofs.append(check.unproven.isEmpty ? "integrity_check finds nothing" : "the trees of its pages are sound")
        }
        findings.gaps += check.unproven.map { "SQLite cannot check \($0) here" }
    }

    /// With the rows that were counted at the cut; tables whose rows the image leaves out have none.
    private func compareRows(with record: StoreRecord, _ findings: inout RehearsalFindings, _ job: JobControl) throws {
        let connection = try SQLiteConnection(path: declaration.path)
        defer { connection.close() }
        try connection.takeStandIns()
        var inventory = try TableInventory(of: connection)
        do { try inventory.countRows(connection, job: job) } catch let error as SQLiteError where error.isUnusableContent {
            return findings.problems.append("its rows cannot be counted: \(error.message)")
        }
        let rows = Dictionary(inventory.tables.map { ($0.name, $0.rows ?? 0) }) { first, _ in first }
        let patterns = record.bulkTables.map(TablePattern.init)
        let recorded = record.facts.filter { $0.key.hasPrefix(Self.rowsFact) }.sorted { $0.key < $1.key }.map { key, value in
            let table = String(key.dropFirst(Self.rowsFact.count))
            let isLeftOut =
                record.extent == .structure || record.extent == .withoutBulkRows && patterns.contains { $0.matches(table) }
            return (table: table, rows: isLeftOut ? 0 : Int64(value) ?? 0)
        }
        findings.compareRows(recorded) { rows[$0] }
    }

    private static let rowsFact = "rows:"
}

/// A database in a scratch place.
private struct RehearsedDatabase: RehearsedStore {
    let path: String
    let findings: RehearsalFindings
    let clock: any WallClock

    func answer(_ sql: String, in database: String?, limit: Int64) throws -> String {
        let connection = try SQLiteConnection(path: path)
        defer { connection.close() }
        let clock = clock
        let deadline = clock.monotonicNanoseconds() &+ UInt64(clamping: limit) * 1_000_000
        do {
            return try connection.interrupted(when: { clock.monotonicNanoseconds() > deadline }) { try connection.lines(sql) }
        } catch let error as SQLiteError where error.isInterrupted {
            throw Failure(.refused, "it ran past its timeout", hint: "give the check a longer timeout, or ask less")
        } catch let error as SQLiteError where error.isRefusal {
            guard try !ForeignSchema(of: connection).isEmpty else { throw error }
            throw Failure(
                .incomplete, "it cannot be asked here: \(error.message)",
                hint: "write the check as a command that runs the database's own program")
        }
    }
}
