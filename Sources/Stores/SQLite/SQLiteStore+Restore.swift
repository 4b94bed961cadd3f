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
            switch try LiveDatabase.find(files) {
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
        let comparison = try compare(connection, facts, with: image, scratch, job)
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
        switch try LiveDatabase.find(files) {
        case .missing, .unusable: try DatabaseInstallation(of: image, at: files).run(job)
        case .usable(let connection, let facts):
            defer { connection.close() }
            let fitting = try fitted(image, to: facts, scratch, job)
            defer { if fitting.folder != image.folder { fitting.remove() } }
            try overwrite(connection, with: fitting, job)
        }
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
            let (connection, facts) = try LiveDatabase.require(files)
            defer { connection.close() }
            let unpacked = try unpacked(image, scratch, job)
            let copy = try still(connection, facts, scratch, job)
            defer { copy.remove() }
            try proveIntegrity(of: copy)
            let fitting = try fitted(unpacked, to: facts, scratch, job)
            let comparison = try DatabaseComparison(live: copy, image: fitting, pageSize: facts.pageSize, job: job)
            guard try FileMetadata(of: files).isLike(FileMetadata(ofFileAt: unpacked.path)) else {
                return StoreCheck(
                    differences: comparison.differences + 1, examples: comparison.examples(limit: 19) + [Self.metadataExample])
            }
            return StoreCheck(differences: comparison.differences, examples: comparison.examples(limit: 20))
        }
    }

    /// What a check names beside tables.
    static let metadataExample = "owner, mode or attributes"

    func proveIntegrity(of copy: StagedDatabase) throws {
        let connection = try copy.connect(.existing)
        defer { connection.close() }
        let verdict = try connection.text("PRAGMA integrity_check(1)") ?? "no answer"
        guard verdict == "ok" else {
            throw Failure(
                .store, "\(files.path): the database is damaged", hint: "restore the store from an older snapshot or from a backup",
                cause: verdict)
        }
    }
}

/// Still copies to compare.
extension SQLiteStore {
    private func compare(
        _ connection: SQLiteConnection, _ facts: DatabaseFacts, with image: StagedDatabase, _ scratch: ScratchDirectory, _ job: JobControl
    ) throws -> DatabaseComparison {
        defer { connection.close() }
        let copy = try still(connection, facts, scratch, job)
        defer { copy.remove() }
        let fitting = try fitted(image, to: facts, scratch, job)
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
    private func fitted(
        _ image: StagedDatabase, to facts: DatabaseFacts, _ scratch: ScratchDirectory, _ job: JobControl
    ) throws -> StagedDatabase {
        let source = try image.connect(.existing)
        defer { source.close() }
        let pageSize = Int(try source.integer("PRAGMA page_size") ?? 0)
        guard facts.pageCount > 0, pageSize != facts.pageSize else { return image }
        try job.checkCancelled()
        let rebuilt = try StagedDatabase(in: scratch.path, called: "fitted", name: image.name, host: host)
        try source.execute("PRAGMA page_size = \(facts.pageSize)")
        try source.query("VACUUM INTO ?1", [rebuilt.path]) { _ in }
        return rebuilt
    }
}
