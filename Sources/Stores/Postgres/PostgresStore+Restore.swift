package import Archiving
package import HostIO
package import Model
package import StoreContract

extension PostgresStore {
    package func planRestore(of image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreRestorePlan {
        job.begin(phase: "comparing \(declaration.name)")
        return try asFailure {
            if let dumps = try DumpRestore(image.tree, into: self, scratch: scratch.path, host: host, job: job) { return try dumps.plan() }
            let directory = try local()
            let origin = try ImageOrigin(of: image.tree, named: declaration.name, access)
            let parts = try RestoreParts(image.tree, directory, places(directory), host: host)
            try parts.checkTablespaces()
            try checkRelease(origin, directory)
            let live = try LiveServer(self, directory)
            defer { live?.connection.close() }
            if let live, case .records(let records) = try live.changes(since: origin), records.isEmpty {
                return StoreRestorePlan(unchanged: max(1, live.facts.databases.count))
            }
            return try ServerPlan(parts, live, job: job).make()
        }
    }

    func places(_ directory: DataDirectory) -> TablespacePlaces {
        TablespacePlaces(store: declaration.name, dataDirectory: directory.path, named: access.tablespaces ?? [:])
    }

    /// Of dumps: the server that is to be filled is asked, and has to answer.
    package func cautions(before image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> [String] {
        try asFailure {
            guard try DumpLayout.databases(in: image.tree) == nil else {
                let target = try DumpTarget(self, host: host)
                return try target.lacks(DumpNeeds(image.tree, job: job))
            }
            guard let directory else { return [] }
            return try RestoreParts(image.tree, directory, places(directory), host: host).cautions()
        }
    }

    /// The programs of another release would not start on the files.
    func checkRelease(_ origin: ImageOrigin, _ directory: DataDirectory) throws {
        guard let present = try directory.release(), present != origin.release else { return }
        throw Failure(
            .refused, "\(directory.path): the image is of PostgreSQL \(origin.release), the server there is of PostgreSQL \(present)",
            hint: "restore a backup, which is made of dumps; or give the old release's server a place of its own")
    }

    func local() throws -> DataDirectory {
        guard let directory else {
            throw Failure(
                .refused, "store \(declaration.name): no data-directory is given, and the image is one of files",
                hint: "give the store a data-directory on this host")
        }
        return directory
    }

    /// Stops the server, makes its files those of the image, starts it and waits until it has recovered. From the first change until the
    /// last one no server can start on the directory; interrupted there, the next restore goes on.
    package func apply(
        _ plan: StoreRestorePlan, of image: StoreImage, scratch: ScratchDirectory, job: JobControl
    ) throws -> StoreRestoreOutcome {
        guard !plan.isEmpty else { return StoreRestoreOutcome(bytesWritten: 0, entriesChanged: 0, issues: 0) }
        return try asFailure {
            try job.checkCancelled()
            if let dumps = try DumpRestore(image.tree, into: self, scratch: scratch.path, host: host, job: job) { return try dumps.apply() }
            let directory = try local()
            let control = ServiceControl(store: declaration.name, service: access.service, directory: directory, host: host)
            _ = try control.required()
            let origin = try ImageOrigin(of: image.tree, named: declaration.name, access)
            job.begin(phase: "stopping \(declaration.name)")
            try control.stop()
            job.begin(phase: "restoring \(declaration.name)")
            let outcome = try FileRestore(image.tree, directory, origin, places(directory), host: host).run(job)
            job.begin(phase: "recovering \(declaration.name)")
            try start(control, directory)
            return outcome
        }
    }

    /// Starts it unless it runs, and waits until it has recovered.
    func start(_ control: ServiceControl, _ directory: DataDirectory) throws {
        if try !control.isRunning(.runsOn) { try control.start() }
        var last: (any Error)?
        let isReady = try control.wait {
            do {
                let connection = try access.session()
                defer { connection.close() }
                return try !connection.isTrue("SELECT pg_is_in_recovery()")
            } catch let error as PostgresError {
                last = error
                guard try error.isUnreachable || control.isRunning() else { throw error }
                return false
            }
        }
        guard isReady else {
            throw Failure(
                .store, "\(directory.path): the restored server has not recovered in time",
                hint: "see its log; a longer timeout in `service` waits longer", cause: last.map { Failure(describing: $0).summary })
        }
        let connection = try access.session()
        defer { connection.close() }
        try endRecovery(connection, directory)
    }

    /// Takes the settings for the recovery out of a server that has recovered; also those of a restore that was interrupted after that.
    func endRecovery(_ connection: PostgresConnection, _ directory: DataDirectory) throws {
        guard let owner = try directory.owner(), try RecoverySettings(directory: directory).remove(ownedLike: owner) else { return }
        _ = try connection.text("SELECT pg_reload_conf()")
    }

    /// Sound: it serves, and the catalogues of every database can be read.
    package func check(against image: StoreImage, scratch: ScratchDirectory, job: JobControl) throws -> StoreCheck {
        try asFailure {
            if let dumps = try DumpRestore(image.tree, into: self, scratch: scratch.path, host: host, job: job) { return try dumps.check() }
            let directory = try local()
            let origin = try ImageOrigin(of: image.tree, named: declaration.name, access)
            guard let live = try LiveServer(self, directory) else {
                throw Failure(.store, "\(directory.path): the server does not serve", hint: "see its log")
            }
            defer { live.connection.close() }
            try endRecovery(live.connection, directory)
            try live.readCatalogues()
            switch try live.changes(since: origin) {
            case .records(let records): return try live.check(records)
            case .unknown:
                let plan = try ServerPlan(RestoreParts(image.tree, directory, places(directory), host: host), live, job: job).make()
                return StoreCheck(differences: plan.created + plan.replaced + plan.deleted + plan.metadataOnly, examples: plan.examples)
            }
        }
    }

    // MARK: Deleting

    package func obstaclesToDestroying(job: JobControl) throws -> [RemovalObstacles] {
        try asFailure {
            guard let directory, try directory.exists() else { return [] }
            return try ([directory.path] + directory.tablespaces()).map {
                try RemovalObstacles(in: try Descriptor.openDirectory($0), job: job)
            }
        }
    }

    package func destroy(job: JobControl) throws {
        try asFailure {
            guard let directory else { return try DumpTarget(self, host: host).empty() }
            guard try directory.exists() else { return }
            let control = ServiceControl(store: declaration.name, service: access.service, directory: directory, host: host)
            try control.stop()
            let folder = try Descriptor.openDirectory(directory.path)
            if try folder.isEmptyDirectory() { return }
            let tablespaces = try directory.tablespaces()
            try RestoreGuard(directory: directory).raise()
            for place in tablespaces { try removeTree(place) }
            try removeContents(of: folder)
        }
    }

    /// A server that nobody has put anything into is empty, like a directory without one.
    package func isEmpty() throws -> Bool {
        try asFailure {
            guard let directory else { return try DumpTarget(self, host: host).isEmpty() }
            guard try directory.exists() else { return true }
            if try Descriptor.openDirectory(directory.path).isEmptyDirectory() { return true }
            guard try directory.isInUse() else { return false }
            return try DumpTarget(self, host: host).isEmpty()
        }
    }

    /// Files are good for the same release on the same kind of machine; dumps for any.
    package func isConvertedForBackups(_ image: StoreImage) throws -> Bool {
        try asFailure { try DumpLayout.databases(in: image.tree) == nil }
    }

    package func reduce(
        _ image: StoreImage, to extent: StoreExtent, scratch: ScratchDirectory, job: JobControl
    ) throws -> ReducedImage {
        try asFailure {
            .beingRebuilt(try ImageDump(store: self, image: image.tree, extent: extent, host: host).begin(in: scratch.path, job))
        }
    }
}
