import Archiving
package import HostIO
import Model
package import StoreContract

extension SQLiteStore {
    /// WAL mode: opens a read transaction, which takes well under a millisecond whatever the size and blocks nobody. Rollback mode has
    /// no such thing: the copy is made here, in small steps that let writers through, and in one go after three restarts.
    package func capture(_ request: CaptureRequest) throws -> Capture {
        try asStoreFailure {
            let (connection, facts) = try LiveDatabase.require(files, patience: patience)
            let pin = Pin(connection: connection, copy: nil, facts: facts, scratch: request.scratch)
            return facts.isWAL ? try pinned(pin, request) : try copied(pin, request)
        }
    }

    private func pinned(_ pin: Pin, _ request: CaptureRequest) throws -> Capture {
        var pin = pin
        let began = host.clock.now()
        try pin.connection?.execute("BEGIN; SELECT count(*) FROM sqlite_schema")
        let ended = host.clock.now()
        if let connection = pin.connection { pin.facts = try DatabaseFacts(of: connection) }
        keep(pin, as: request.imageID)
        var facts = pin.facts.texts
        facts["pinned-by"] = "read transaction"
        return Capture(imageID: request.imageID, native: false, began: began, ended: ended, precision: .exact, facts: facts)
    }

    private func copied(_ pin: Pin, _ request: CaptureRequest) throws -> Capture {
        guard let connection = pin.connection else { throw Failure(.internal, "a capture without a connection") }
        let staged = try staging(in: request.scratch)
        do {
            let start = host.clock.now()
            let outcome = try staged.copy(connection, .yielding(restarts: 3), job: JobControl())
            // The copy shows the last instant at which the source could have changed without starting it again: its end.
            let ended = host.clock.now()
            keep(Pin(connection: nil, copy: staged, facts: pin.facts, scratch: request.scratch), as: request.imageID)
            var facts = pin.facts.texts
            facts["pinned-by"] = "copy"
            facts["copy-restarts"] = String(outcome.restarts)
            facts["copy-seconds"] = String(max(0, ended.secondsSince(start)))
            return Capture(imageID: request.imageID, native: false, began: ended, ended: ended, precision: .exact, facts: facts)
        } catch {
            staged.remove()
            throw error
        }
    }

    private func staging(in scratch: String) throws -> StagedDatabase {
        try StagedDatabase(in: scratch, called: "image", name: Path.lastComponent(declaration.path), host: host)
    }

    package func image(of capture: Capture, job: JobControl) throws -> CapturedImage {
        try asStoreFailure {
            guard var pin = pin(capture.imageID) else {
                throw Failure(.internal, "store \(declaration.name): image \(capture.imageID) is not captured")
            }
            let staged = try pin.copy ?? copy(&pin, job)
            keep(pin, as: capture.imageID)
            return try describe(staged, pin.facts, job)
        }
    }

    /// Copies the pinned state and lets go of the pin, so that the application's log can be checkpointed again.
    private func copy(_ pin: inout Pin, _ job: JobControl) throws -> StagedDatabase {
        guard let connection = pin.connection else { throw Failure(.internal, "a capture without a connection") }
        job.begin(phase: "copying \(declaration.name)")
        let staged = try staging(in: pin.scratch)
        do {
            _ = try staged.copy(connection, .pinned, job: job)
            try connection.execute("ROLLBACK")
        } catch {
            staged.remove()
            throw error
        }
        pin.connection = nil
        pin.copy = staged
        return staged
    }

    /// A damaged database is kept as it is, page by page: it is all that there is.
    private func describe(_ staged: StagedDatabase, _ facts: DatabaseFacts, _ job: JobControl) throws -> CapturedImage {
        let survey = try survey(staged, job)
        try FileMetadata(of: files).apply(toFileAt: staged.path, withTimes: true)
        var image = CapturedImage(
            source: LocalDirectory(path: staged.folder), shape: DatabaseShape.shape(bytes: facts.bytes), sizes: survey.sizes?.byMode,
            facts: survey.sizes?.inventory.facts ?? [:], reloadable: survey.sizes?.reloadable ?? [])
        image.facts[StoreRecord.uncheckedFact] = survey.foreign.sentence
        if let damage = survey.damage {
            image.doubts = [StoreDoubt(.damaged, "the database is damaged (\(damage)); its pages are kept as they are")]
        }
        return image
    }

    private struct Survey {
        var sizes: BackupSizes?
        var foreign = ForeignSchema()
        var damage: String?
    }

    private func survey(_ staged: StagedDatabase, _ job: JobControl) throws -> Survey {
        let connection = try staged.connect(.existing)
        defer { connection.close() }
        var survey = Survey()
        do {
            survey.foreign = try ForeignSchema(of: connection)
            try connection.takeStandIns()
            var inventory = try TableInventory(of: connection)
            try inventory.countRows(connection, job: job)
            let sizes = try TableSizes(of: connection)
            survey.damage = sizes?.damage
            survey.sizes = BackupSizes(
                declaration: declaration, facts: try DatabaseFacts(of: connection), inventory: inventory, sizes: sizes)
        } catch let error as SQLiteError where error.isUnusableContent {
            connection.close()
            survey.damage = try IntegrityCheck(of: staged, job: job).damage ?? error.message
        }
        return survey
    }
}

extension TableInventory {
    /// `tables`: how many; `rows:NAME`: rows of each ordinary table, of the first 500.
    var facts: [String: String] {
        var facts = ["tables": String(tables.count { $0.kind != .shadow })]
        for table in tables.lazy.filter({ $0.rows != nil }).prefix(500) { facts["rows:\(table.name)"] = String(table.rows ?? 0) }
        return facts
    }
}
