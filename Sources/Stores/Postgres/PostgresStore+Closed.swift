import Archiving
package import HostIO
package import Model
package import StoreContract

/// A standby's server: down, its files kept equal to an image of files. Nothing is written there, so only what differs between two images is.
extension PostgresStore {
    package func obstacle(toKeepingClosed image: StoreImage) throws -> String? {
        try asFailure {
            guard let directory else { return "no data-directory is given: the server is on another host" }
            guard access.service != nil else { return "the cluster file does not say how its server is stopped and started (service)" }
            let origin = try ImageOrigin(of: image.tree, named: declaration.name, access)
            do { _ = try RestoreParts(image.tree, directory, places(directory), host: host) } catch let failure as Failure {
                guard failure.code == .refused else { throw failure }
                return failure.message
            }
            if let present = try directory.release() {
                return present == origin.release
                    ? nil : "the backup is of PostgreSQL \(origin.release), the server here of PostgreSQL \(present)"
            }
            let programs = try Int(origin.release).flatMap { try ServerPrograms.find(access, told: nil, major: $0) }
            return programs == nil ? "PostgreSQL \(origin.release) is not installed here" : nil
        }
    }

    package func fillClosed(with image: StoreImage, job: JobControl) throws -> StoreRestoreOutcome {
        try asFailure {
            let directory = try local()
            _ = try control(directory).required()
            let origin = try ImageOrigin(of: image.tree, named: declaration.name, access)
            try checkRelease(origin, directory)
            job.begin(phase: "stopping \(declaration.name)")
            try control(directory).stop()
            job.begin(phase: "restoring \(declaration.name)")
            return try FileRestore(image.tree, directory, origin, places(directory), host: host, trusted: terms.trusted).runClosed(job)
        }
    }

    package func checkClosed(against image: StoreImage, job: JobControl) throws -> StoreCheck {
        try asFailure {
            let directory = try local()
            guard try directory.isClosed() else {
                return StoreCheck(differences: 1, examples: ["\(directory.path) is open: somebody took away what keeps its server down"])
            }
            let parts = try RestoreParts(image.tree, directory, places(directory), host: host, trusted: terms.trusted)
            let plan = try ServerPlan(parts, nil, job: job).make()
            return StoreCheck(differences: plan.created + plan.replaced + plan.deleted + plan.metadataOnly, examples: plan.examples)
        }
    }

    /// The settings for the recovery are there from before the directory is opened until the server has recovered: they tell after a crash that this
    /// is to go on.
    package func reopen(job: JobControl) throws {
        guard let directory, try directory.exists() else { return }
        try asFailure {
            let settings = RecoverySettings(directory: directory)
            if try directory.isClosed(), let owner = try directory.owner(), let release = try directory.release() {
                try settings.write(ownedLike: owner)
                try RestoreGuard(directory: directory).lower(release: release, ownedLike: owner)
            }
            guard try settings.arePresent(), try !directory.isHalfRestored() else { return }
            job.begin(phase: "starting \(declaration.name)")
            try start(control(directory), directory)
            guard let live = try LiveServer(self, directory) else {
                throw Failure(.store, "\(directory.path): the server does not serve", hint: "see its log")
            }
            defer { live.connection.close() }
            try live.readCatalogues()
        }
    }

    package func fileTime() throws -> Timestamp? { try directory.map { try Descriptor.openDirectory($0.path).moveTimeOfChange() } }

    /// Of a store that is kept closed; nil for any other.
    func closedStatus() throws -> StoreStatus? {
        guard let directory, try directory.exists(), try directory.isClosed() else { return nil }
        return StoreStatus(
            version: try directory.release(), bytes: nil, nativeImages: false,
            imageReason: "its server is down until the standby is promoted, and its files are kept equal to the backups")
    }

    private func control(_ directory: DataDirectory) -> ServiceControl {
        ServiceControl(store: declaration.name, service: access.service, directory: directory, host: host)
    }
}
