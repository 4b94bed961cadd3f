import Archiving
package import HostIO
import Model
import NativeImages
package import StoreContract

extension PostgresStore {
    /// Begins a base backup and gives the files, which are read before the cut: an image of them shows the end of the backup. Nothing where
    /// the file system freezes or clones them.
    package func prepare(_ request: CaptureRequest, job: JobControl) throws -> CapturedImage? {
        try asFailure {
            let (connection, facts) = try connect()
            switch try form(connection, facts) {
            case .snapshot:
                // What a server that is started on the image has to go through begins here.
                try connection.execute("CHECKPOINT", as: "write a checkpoint")
                connection.close()
                hold(.snapshot(nil), as: request.imageID)
                return nil
            case .clones:
                try beginClones(connection, facts, request)
                return nil
            case .files: return try beginBackup(connection, facts, request)
            case .dump:
                connection.close()
                hold(.dumps(try DumpSessions(self, facts), scratch: request.scratch), as: request.imageID)
                return nil
            }
        }
    }

    private func beginBackup(_ connection: PostgresConnection, _ facts: ServerFacts, _ request: CaptureRequest) throws -> CapturedImage? {
        guard let directory else { return nil }
        try endRecovery(connection, directory)
        let session = try backup(connection, facts, request)
        hold(.files(session), as: request.imageID)
        let source = DataDirectorySource(path: directory.path, clock: host.clock)
        return CapturedImage(source: source, shape: shape(facts))
    }

    private func backup(_ connection: PostgresConnection, _ facts: ServerFacts, _ request: CaptureRequest) throws -> BackupSession {
        try BackupSession(connection, facts, label: "holdfast \(request.imageID)", host: host)
    }

    private func beginClones(_ connection: PostgresConnection, _ facts: ServerFacts, _ request: CaptureRequest) throws {
        guard let directory, let library else { throw Failure(.internal, "an image of clones without a place for it") }
        try endRecovery(connection, directory)
        let session = try backup(connection, facts, request)
        do {
            let clones = DataDirectoryClones(directory: directory, library: library, host: host)
            hold(.clones(try clones.make(as: request.imageID), session, nil), as: request.imageID)
        } catch {
            session.close()
            throw error
        }
    }

    private func shape(_ facts: ServerFacts) -> ChunkShape { DatabaseShape.shape(bytes: facts.bytes ?? 0) }

    package func abandon(_ request: CaptureRequest) { end(letGo(request.imageID), isAbandoned: true) }

    /// Ends the backup, or has the file system freeze the files: milliseconds.
    package func capture(_ request: CaptureRequest) throws -> Capture {
        try asFailure {
            switch heldImage(request.imageID) {
            case .files(let session):
                let (ending, capture) = try endBackup(session, request)
                hold(.ended(session, ending), as: request.imageID)
                return capture
            case .clones(let image, let session, nil):
                var (ending, capture) = try endBackup(session, request)
                hold(.clones(image, session, ending), as: request.imageID)
                capture.native = true
                capture.facts["native-image-by"] = image.method.rawValue
                return capture
            case .snapshot: return try freeze(request)
            case .dumps(let sessions, let scratch): return try pin(sessions, scratch, request)
            case .ended, .clones, nil: throw Failure(.internal, "store \(declaration.name): image \(request.imageID) is not prepared")
            }
        }
    }

    private func endBackup(_ session: BackupSession, _ request: CaptureRequest) throws -> (BackupSession.Ending, Capture) {
        let began = host.clock.now()
        let ending = try session.end()
        let ended = host.clock.now()
        var facts = session.facts.texts
        facts["start-lsn"] = session.start.description
        facts["stop-lsn"] = ending.stop.description
        facts["timeline"] = String(ending.timeline)
        return (ending, Capture(imageID: request.imageID, native: false, began: began, ended: ended, precision: .exact, facts: facts))
    }

    private func freeze(_ request: CaptureRequest) throws -> Capture {
        guard let directory, let library else { throw Failure(.internal, "a frozen image without a place for it") }
        let root = SharedDescriptor(try Descriptor.openDirectory(directory.path))
        let began = host.clock.now()
        let image = try library.snapshot(root, as: request.imageID, clock: host.clock)
        let ended = host.clock.now()
        hold(.snapshot(image), as: request.imageID)
        return Capture(
            imageID: request.imageID, native: true, began: began, ended: ended, precision: .exact,
            facts: ["native-image-by": image.method.rawValue])
    }

    /// Each database at the instant of its own snapshot, one after the other: milliseconds.
    private func pin(_ sessions: DumpSessions, _ scratch: String, _ request: CaptureRequest) throws -> Capture {
        let began = host.clock.now()
        let pinned = try sessions.pin()
        let ended = host.clock.now()
        hold(.dumps(pinned, scratch: scratch), as: request.imageID)
        var facts = sessions.facts.texts
        for session in pinned.pinned { facts["snapshot:\(session.database)"] = session.snapshot }
        return Capture(imageID: request.imageID, native: false, began: began, ended: ended, precision: .exact, facts: facts)
    }

    private func dump(_ sessions: DumpSessions, _ scratch: String, _ job: JobControl) throws -> CapturedImage {
        let programs = try ServerPrograms.require(
            access, told: sessions.facts.programs, release: "\(sessions.facts.major)", store: declaration.name)
        var writing = DumpWriting(
            store: declaration.name, programs: programs, connection: access.connection, folder: Path.join(scratch, Self.dumpFolder),
            jobs: host.processors, settings: SessionSettings.ofPrograms(access.connection, sessions.facts.rights))
        job.begin(phase: "dumping \(declaration.name)")
        let anyNames = AnyNamesDatabase(ConnectionText.text(access.connection, database: "template1"), host)
        try writing.writeGlobals(through: try roleDatabase(anyNames), job)
        var gaps = try gaps()
        var kept: [KeptRows] = []
        var refused: [Failure] = []
        for session in sessions.pinned {
            writing.encoding = try session.connection.text(RowSession.encodingQuestion)
            let dumping = ReadableDump(writing: writing, database: session.database) { try session.beside(self.access.connection) }
            let dump: ReadableDump.Outcome
            do { dump = try dumping.write(.all, snapshot: session.snapshot, job) } catch {
                let error = LockHolders.explained(error, session.connection)
                guard let failure = error as? Failure, failure.code == .store, try !dumping.isReadable(job) else { throw error }
                refused.append(failure)
                gaps.append(.refused(session.database, failure))
                try removeTree(writing.place(of: session.database))
                continue
            }
            gaps += dump.lost
            let inventory = try TableInventory(of: session.connection, database: session.database)
            kept += try inventory.keptRows(in: dump.folder, DumpRows.count(in: dump.folder, job), programs)
        }
        if let first = refused.first, refused.count == sessions.pinned.count { throw first }
        var image = CapturedImage(source: ToldSource(source: LocalDirectory(path: writing.folder), gaps: gaps), shape: .contentDefined)
        image.kept = kept
        return image
    }

    private func roleDatabase(_ anyNames: AnyNamesDatabase) throws -> String? {
        let session = try access.session()
        defer { session.close() }
        return try anyNames.database(forRolesOf: session)
    }

    private static let dumpFolder = "dumps"

    /// What is to be laid over the files: the label of the backup and its log. Or the dumps.
    package func image(of capture: Capture, job: JobControl) throws -> CapturedImage {
        try asFailure {
            switch heldImage(capture.imageID) {
            case .ended(let session, let ending):
                return CapturedImage(source: try log(of: session, ending), shape: shape(session.facts))
            case .clones(let image, let session, let ending?):
                try DataDirectoryClones.complete(image, with: try log(of: session, ending), host: host, job)
                return try nativeImage(image, job)
            case .snapshot(let image?): return try nativeImage(image, job)
            case .dumps(let sessions, let scratch): return try dump(sessions, scratch, job)
            default: throw Failure(.internal, "store \(declaration.name): image \(capture.imageID) is not captured")
            }
        }
    }

    private func log(of session: BackupSession, _ ending: BackupSession.Ending) throws -> any EntrySource {
        guard let directory else { throw Failure(.internal, "an image of files without a place") }
        let segments = LogSegments(timeline: ending.timeline, size: session.facts.segmentSize)
        let log = LogSource(
            directory: directory, segments: segments.names(from: session.start, to: ending.stop), label: ending.label, clock: host.clock)
        return try log.make()
    }

    private func nativeImage(_ image: NativeImage, _ job: JobControl) throws -> CapturedImage {
        try SharedDescriptor(Descriptor.openDirectory(image.path)).syncFileSystem()
        let source = DataDirectorySource(image)
        let census = try ImageCensus(of: .source(source), job: job)
        return CapturedImage(source: source, shape: .contentDefined, sizes: [.full: census.bytes], facts: ["entries": String(census.files)])
    }

    package func release(_ capture: Capture, outcome: CaptureOutcome) { end(letGo(capture.imageID), isAbandoned: outcome == .abandoned) }

    private func end(_ held: Held?, isAbandoned: Bool) {
        switch held {
        case .files(let session), .ended(let session, _): session.close()
        case .clones(let image, let session, _):
            session.close()
            // What cannot be removed now is an orphan that the next run finds.
            if isAbandoned { try? library?.remove(image.id) }
        case .snapshot(let image?) where isAbandoned: try? library?.remove(image.id)
        case .dumps(let sessions, let scratch):
            sessions.close()
            try? removeTree(Path.join(scratch, Self.dumpFolder))
        case .snapshot, nil: return
        }
    }
}
