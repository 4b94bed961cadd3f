import HostIO
import Model
import ObjectStorage
import ResticFormat

extension OpenRepository {
    /// Takes a lock, waiting up to `patience` for others to end. Locks whose process is proven to have ended are removed, stale ones passed over.
    ///
    /// On a place that cannot be written, or that is full, a `read` lock is granted without a file.
    package func lock(_ purpose: LockPurpose, patience: Duration = .zero) throws -> RepositoryLock {
        let start = host.clock.monotonicNanoseconds()
        while true {
            do {
                return try lockOnce(purpose)
            } catch let error as RepositoryError {
                guard case .locked = error else { throw error }
                let waited = Duration.nanoseconds(Int64(clamping: host.clock.monotonicNanoseconds() &- start))
                guard waited < patience else { throw error }
                if EndingSignals.isAsked { throw Cancelled() }
                host.clock.sleep(for: min(pause(), patience - waited))
            }
        }
    }

    /// Half a second, give or take: two who refused each other are not to meet again.
    private func pause() -> Duration {
        var dice: UInt8 = 0
        withUnsafeMutableBytes(of: &dice) { host.random.fill($0) }
        return .milliseconds(400 + Int(dice))
    }

    private func lockOnce(_ purpose: LockPurpose) throws -> RepositoryLock {
        try refuseConflict(purpose, except: nil)
        let session = host.randomHex(bytes: 8)
        do {
            let file = try writeLock(purpose, session: session)
            do {
                host.clock.sleep(for: .milliseconds(purpose.isExclusive ? 200 : 20))
                try refuseConflict(purpose, except: file)
                return try RepositoryLock(repository: self, purpose: purpose, session: session, file: file)
            } catch {
                try? storage.remove(RepositoryNames.lock(file))
                throw error
            }
        } catch let error as StorageError where purpose == .read && Self.forbidsWriting(error) {
            return try RepositoryLock(repository: self, purpose: purpose, session: session, file: nil)
        }
    }

    static func forbidsWriting(_ error: StorageError) -> Bool {
        error.kind == .readOnly || error.kind == .permission || error.kind == .noSpace
    }

    private func refuseConflict(_ purpose: LockPurpose, except own: LockID?) throws {
        for lock in try liveLocks() where lock.id != own {
            let compatible =
                lock.purpose.map(purpose.isCompatible) ?? (!purpose.isExclusive && !lock.file.isExclusive)
            if !compatible { throw RepositoryError.locked(owner: lock.owner, location: storage.location) }
        }
    }

    /// Locks that are not stale. Those whose process is proven to have ended are removed on the way.
    package func liveLocks() throws -> [StoredLock] {
        var live: [StoredLock] = []
        for lock in try replacedFiles(in: RepositoryNames.lockFolder, storedLock) {
            let id = lock.id
            if hasEnded(lock.file) {
                try? storage.remove(RepositoryNames.lock(id))
            } else if host.clock.now().secondsSince(lock.file.time.timestamp) <= StandingLock.staleAfter {
                live.append(lock)
            }
        }
        return live
    }

    /// Removes locks that are stale by age or whose process has ended; gives their number.
    package func removeStaleLocks() throws -> Int {
        let live = Set(try liveLocks().map(\.id))
        let others = try storage.ids(in: RepositoryNames.lockFolder, naming: LockNamed.self).filter { !live.contains($0) }
        for id in others { try storage.remove(RepositoryNames.lock(id)) }
        return others.count
    }

    /// Nil: gone, empty (left by a crash), not to be decrypted, or nothing that can be a lock.
    private func storedLock(_ id: LockID) throws -> StoredLock? {
        do {
            let json = try files.read(RepositoryNames.lock(id), id: id)
            return StoredLock(id: id, file: try json.withUnsafeBytes { try LockFile(decoding: $0) })
        } catch let error as StorageError {
            guard error.isDamage else { throw error }
            return nil
        } catch is RepositoryError {
            return nil
        } catch is FormatError {
            return nil
        }
    }

    /// Proven only of a Holdfast on the same run of the same kernel, in the same namespace of processes: the number in a lock of restic, or of somebody
    /// in another container of the same name, says nothing here.
    private func hasEnded(_ lock: LockFile) -> Bool {
        guard lock.hostname == host.name, var observer = host.process, let owner = lock.owner else { return false }
        observer.machine = Self.hashed(observer.machine)
        let process = ProcessIdentity(
            machine: owner.machine, boot: owner.boot, namespaces: owner.namespaces, number: lock.processID, started: owner.started)
        return process.hasEnded(seenBy: observer, ProcessIdentity.look)
    }

    /// machine-id(5) asks that the id itself is not handed around.
    private static func hashed(_ machine: String?) -> String? {
        guard let machine, let hasher = try? Hasher256() else { return nil }
        return Array("holdfast lock \(machine)".utf8).withUnsafeBytes { String(hasher.hash($0, naming: LockNamed.self).hex.prefix(32)) }
    }

    static func owner(_ process: ProcessIdentity) -> LockFile.Owner {
        LockFile.Owner(
            machine: hashed(process.machine), boot: process.boot, namespaces: process.namespaces, started: process.started)
    }

    func writeLock(_ purpose: LockPurpose, session: String) throws -> LockID {
        var file = LockFile(
            time: NodeTime(host.clock.now()), isExclusive: purpose.isExclusive, hostname: host.name, username: host.user,
            processID: Int64(host.processID))
        file.program = "holdfast"
        file.purpose = "\(purpose.rawValue) \(session)"
        file.owner = host.process.map(Self.owner)
        return try files.write(file.encoded(), as: LockNamed.self, name: RepositoryNames.lock)
    }
}
