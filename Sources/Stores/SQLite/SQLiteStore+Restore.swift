import Archiving
package import HostIO
import Model
package import StoreContract

extension SQLiteStore {
    package func planRestore(of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestorePlan {
        var plan = try plan(image, scratch, job)
        if !plan.isEmpty { plan.cautions = try asStoreFailure { try files.obstacles().lines } }
        return plan
    }

    private func plan(_ image: StoreImage, _ scratch: ScratchDirectory, _ job: JobControl) throws -> StoreRestorePlan {
        try asStoreFailure {
            let unpacked = try unpacked(image, scratch, job)
            let name = Path.lastComponent(files.path)
            switch try LiveDatabase.find(files, patience: patience) {
            case .missing:
                return StoreRestorePlan(created: 1, bytesToWrite: try unpacked.bytes(), examples: ["create \(name)"], intoEmpty: true)
            case .unusable(let error):
                let example = "replace \(name), which SQLite cannot read (\(error.message)); programs that have it open must open it again"
                return StoreRestorePlan(
                    replaced: 1, bytesToWrite: try unpacked.bytes(), bytesFreed: UInt64(exactly: try files.status()?.size ?? 0) ?? 0,
                    examples: [example], newestChange: try files.newestChange())
            case .usable(let connection, let facts):
                return try plan(from: connection, facts, to: unpacked, scratch, job)
            }
        }
    }

    private func plan(
        from connection: SQLiteConnection, _ facts: DatabaseFacts, to image: StagedDatabase, _ scratch: ScratchDirectory, _ job: JobControl
    ) throws -> StoreRestorePlan {
        if facts.pageCount == 0 {
            return StoreRestorePlan(
                created: 1, bytesToWrite: try image.bytes(), examples: ["fill the empty \(image.name)"], intoEmpty: true)
        }
        defer { connection.close() }
        let copy = try still(connection, facts, scratch, job)
        defer { copy.remove() }
        guard let comparison = try compare(copy, facts, with: image, scratch, job) else { return try wholePlan(facts, image) }
        let metadata = try FileMetadata(ofFileAt: image.path)
        let differs = try !FileMetadata(of: files).isLike(metadata)
        let bytes = comparison.isEqual ? 0 : try image.bytes()
        return StoreRestorePlan(
            created: comparison.created.count, replaced: comparison.replaced.count, deleted: comparison.deleted.count,
            unchanged: comparison.unchanged, metadataOnly: differs ? 1 : 0, bytesToWrite: bytes,
            bytesFreed: facts.bytes > bytes && bytes > 0 ? facts.bytes - bytes : 0,
            bytesAtStake: DatabaseShape.added(bytes: facts.bytes, pages: comparison.differingPages),
            examples: comparison.examples(limit: 18) + (differs ? ["owner, mode or attributes of \(Path.lastComponent(files.path))"] : []),
            newestChange: comparison.isEqual ? nil : try files.newestChange(), intoEmpty: facts.objects == 0)
    }

    /// For an image that cannot be given the page size of the live database.
    private func wholePlan(_ facts: DatabaseFacts, _ image: StagedDatabase) throws -> StoreRestorePlan {
        let example = "replace all of \(Path.lastComponent(files.path)): its pages have another size; no program may have it open"
        return StoreRestorePlan(
            replaced: 1, bytesToWrite: try image.bytes(), bytesFreed: facts.bytes, bytesAtStake: facts.bytes, examples: [example],
            newestChange: try files.newestChange())
    }

    package func apply(
        _ plan: StoreRestorePlan, of image: StoreImage, scratch: ScratchDirectory, job: JobControl
    ) throws -> StoreRestoreOutcome {
        guard !plan.isEmpty else { return StoreRestoreOutcome(bytesWritten: 0, entriesChanged: 0, issues: 0) }
        return try asStoreFailure {
            let unpacked = try unpacked(image, scratch, job)
            job.begin(phase: "restoring \(declaration.name)")
            let content = plan.created + plan.replaced + plan.deleted
            if content > 0 { try replaceContent(with: unpacked, scratch, job) }
            let metadata = try FileMetadata(ofFileAt: unpacked.path)
            let issues = IssueCollector(job: job)
            for refused in try metadata.apply(toFileAt: files.path, withTimes: false) {
                issues.add(EntryIssue(kind: .metadata, path: Path.lastComponent(files.path), detail: refused))
            }
            return StoreRestoreOutcome(
                bytesWritten: content > 0 ? try unpacked.bytes() : 0, entriesChanged: content + plan.metadataOnly, issues: issues)
        }
    }

    private func replaceContent(with image: StagedDatabase, _ scratch: ScratchDirectory, _ job: JobControl) throws {
        switch try LiveDatabase.find(files, for: .writing, patience: patience) {
        case .missing, .unusable: try DatabaseInstallation(of: image, at: files).run(job)
        case .usable(let connection, let facts):
            defer { connection.close() }
            guard let fitting = try fitted(image, to: facts, scratch, job) else {
                try leaveLog(connection, facts)
                return try overwrite(connection, with: image, job)
            }
            defer { if fitting.folder != image.folder { fitting.remove() } }
            try overwrite(connection, with: fitting, job)
        }
    }

    /// Pages of another size can be written outside of WAL mode only, which SQLite leaves when nobody else has the database open.
    private func leaveLog(_ live: SQLiteConnection, _ facts: DatabaseFacts) throws {
        guard facts.isWAL else { return }
        do { if try live.text("PRAGMA journal_mode = DELETE") == "delete" { return } } catch let error as SQLiteError where error.isBusy {}
        let programs = DatabaseLocks(of: files).readers.map(nameOfProcess).joined(separator: ", ")
        throw Failure(
            .store,
            "\(files.path): its pages have another size than those of the image, and \(programs.isEmpty ? "a program" : programs) has it open",
            hint: "stop the programs that use the database, then run the command again")
    }

    /// One transaction on the running database; durable when it returns. Afterwards the log is moved into the database as far as
    /// readers allow, without waiting for them.
    private func overwrite(_ live: SQLiteConnection, with image: StagedDatabase, _ job: JobControl) throws {
        let source = try image.connect(.existing)
        defer { source.close() }
        // A crashed application's log is part of what is replaced: closing may clear it away.
        try live.turn(.noCheckpointOnClose, on: false)
        try live.execute("PRAGMA synchronous = FULL")
        job.add(Int(clamping: try image.bytes()), to: .bytesExpected)
        _ = try OnlineBackup(from: source, to: live).run(.pinned, job: job, progress: { job.add($0, to: .bytesDone) })
        try? live.query("PRAGMA wal_checkpoint(PASSIVE)") { _ in }
    }

    package func check(against image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreCheck {
        try asStoreFailure {
            let (connection, facts) = try LiveDatabase.require(files, patience: patience)
            defer { connection.close() }
            let unpacked = try unpacked(image, scratch, job)
            let copy = try still(connection, facts, scratch, job)
            defer { copy.remove() }
            let integrity = try IntegrityCheck(of: copy, job: job)
            let comparison = try compare(copy, facts, with: unpacked, scratch, job)
            if let damage = integrity.damage, comparison?.isEqual != true { throw damaged(damage) }
            var check = StoreCheck(unproven: integrity.foreign.texts, damage: integrity.damage)
            guard let comparison else {
                check.unproven.append("all pages, which have another size in the image")
                return check
            }
            (check.differences, check.examples) = (comparison.differences, comparison.examples(limit: 19))
            if try !FileMetadata(of: files).isLike(FileMetadata(ofFileAt: unpacked.path)) {
                check.differences += 1
                check.examples.append(Self.metadataExample)
            }
            return check
        }
    }

    /// What a check names beside tables.
    static let metadataExample = "owner, mode or attributes"

    private func damaged(_ verdict: String) -> Failure {
        Failure(
            .store, "\(files.path): the database is damaged", hint: "restore the store from an older snapshot or from a backup",
            cause: verdict)
    }
}

/// Still copies to compare.
extension SQLiteStore {
    /// Nil when the image cannot be given the page size of the live database.
    private func compare(
        _ copy: StagedDatabase, _ facts: DatabaseFacts, with image: StagedDatabase, _ scratch: ScratchDirectory, _ job: JobControl
    ) throws -> DatabaseComparison? {
        guard let fitting = try fitted(image, to: facts, scratch, job) else { return nil }
        defer { if fitting.folder != image.folder { fitting.remove() } }
        return try DatabaseComparison(live: copy, image: fitting, pageSize: facts.pageSize, job: job)
    }

    /// The live database as it is at one instant, copied without blocking anybody for long.
    private func still(
        _ connection: SQLiteConnection, _ facts: DatabaseFacts, _ scratch: ScratchDirectory, _ job: JobControl
    ) throws -> StagedDatabase {
        let copy = try StagedDatabase(in: scratch.path, called: "live", name: Path.lastComponent(files.path), host: host)
        if facts.isWAL { try connection.execute("BEGIN; SELECT count(*) FROM sqlite_schema") }
        defer { if facts.isWAL { try? connection.execute("ROLLBACK") } }
        _ = try copy.copy(connection, facts.isWAL ? .pinned : .yielding(restarts: 3), job: job)
        return copy
    }

    /// The image with the page size of the live database: in WAL mode SQLite cannot change it under running programs
    /// (<https://sqlite.org/pragma.html#pragma_page_size>), so the image is rebuilt.
    /// Nil when SQLite cannot rebuild it, for want of what only the database's own program has.
    private func fitted(
        _ image: StagedDatabase, to facts: DatabaseFacts, _ scratch: ScratchDirectory, _ job: JobControl
    ) throws -> StagedDatabase? {
        let source = try image.connect(.existing)
        defer { source.close() }
        let pageSize = Int(try source.integer("PRAGMA page_size") ?? 0)
        guard facts.pageCount > 0, pageSize != facts.pageSize else { return image }
        try job.checkCancelled()
        let rebuilt = try StagedDatabase(in: scratch.path, called: "fitted", name: image.name, host: host)
        try source.execute("PRAGMA page_size = \(facts.pageSize)")
        do { try source.query("VACUUM INTO ?1", [rebuilt.path]) { _ in } } catch let error as SQLiteError where error.isRefusal {
            rebuilt.remove()
            return nil
        }
        return rebuilt
    }
}
