package import HostIO
package import Model
import ObjectStorage
package import RepositoryEngine
import ResticFormat
package import StoreContract
import Synchronization

/// A cluster as its file describes it, with the means to reach its stores, its state and its repositories. Opens nothing by itself.
package final class Cluster: Sendable {
    package let file: ClusterFile
    package let host: Host
    package let drivers: Drivers
    package let state: StateDirectory
    /// `holdfast 0.1.0`: goes into manifests and snapshot files.
    package let program: String
    private let opened = Mutex<[String: OpenRepository]>([:])
    private let places = Mutex<[String: BallastedStorage]>([:])
    private let entryLimit = Mutex<UInt64?>(nil)

    package init(file: ClusterFile, host: Host, drivers: Drivers, program: String) {
        self.file = file
        self.host = host
        self.drivers = drivers
        self.program = program
        state = StateDirectory(path: file.state)
    }

    /// Reads and checks the cluster file at `path` (absolute).
    package static func load(_ path: String, host: Host, drivers: Drivers, program: String) throws -> Cluster {
        if let distrust = TrustedWay(path, .present()).distrust {
            throw distrust.failure(.clusterFile, "the cluster file \(path)")
        }
        let bytes: [UInt8]
        do {
            bytes = try AtomicFile.read(path, limit: 1 << 20)
        } catch {
            throw Failure(
                .clusterFile, "the cluster file \(path) cannot be read",
                hint: "name it with -c, or write one: docs/cluster-file.md has an example to start from",
                cause: Failure(describing: error).summary)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.clusterFile, "\(path) is not UTF-8 text", hint: "save it as UTF-8")
        }
        let file = try ClusterFile(parsing: text, at: path)
        try file.checkCommands()
        return Cluster(file: file, host: host, drivers: drivers, program: program)
    }

    /// Entries that an image may have which is read from now on; nil: as many as can be meant.
    package var mostEntries: UInt64? { entryLimit.withLock { $0 } }
    package func allowEntries(_ most: UInt64) { entryLimit.withLock { $0 = most } }

    /// Who the cluster is: its id from the state, its name and release from the file. Throws `refused` before `cluster init`.
    package func identity() throws -> ClusterIdentity {
        let catalogue = try catalogue()
        return ClusterIdentity(id: catalogue.clusterID, name: file.name, release: file.release)
    }

    /// Throws `refused` before `cluster init`, or when the state belongs to a cluster of another name.
    package func catalogue() throws -> Catalogue {
        guard var catalogue = try state.load() else {
            throw Failure(
                .refused, "the cluster \(file.name) is not protected yet: there is no catalogue in \(file.state)",
                hint: "holdfast cluster init -c \(file.path); for a cluster that was here before, this finds its snapshots again")
        }
        guard catalogue.clusterName == file.name else {
            throw Failure(
                .refused, "the state in \(file.state) is of the cluster \(catalogue.clusterName), not \(file.name)",
                hint: "give each cluster a state directory of its own")
        }
        // A backup that a crash ended needs its snapshot no more.
        if catalogue.copying != nil, try !state.isBackingUp() { catalogue.copying = nil }
        return catalogue
    }

    /// Changes the catalogue durably. Called by whoever holds the cluster's lock.
    package func updateCatalogue(_ change: (inout Catalogue) throws -> Void) throws {
        var catalogue = try catalogue()
        try change(&catalogue)
        while true {
            do { return try state.save(catalogue) } catch let error as SystemError where error.isNoSpace {
                guard try giveBallastUp() else { throw error }
            }
        }
    }

    /// Runs `body` while no other Holdfast changes this cluster. Throws `locked` with the owner when another one does for longer than the drivers
    /// have patience.
    package func exclusively<R>(_ purpose: String, _ body: () throws -> R) throws -> R {
        let lock = try state.lock(purpose, host: host, patience: drivers.patience)
        defer { lock.release() }
        return try body()
    }

    /// Like ``exclusively(_:_:)``, for the end of long work that is not to be lost because another Holdfast is at work just then.
    package func exclusivelyAtLast<R>(_ purpose: String, _ body: () throws -> R) throws -> R {
        let lock = try state.lock(purpose, host: host, patience: drivers.patience.atLeast(.seconds(3600)))
        defer { lock.release() }
        return try body()
    }

    /// Runs `body` while no other Holdfast makes a backup of this cluster, or deletes it. Comes before the lock of ``exclusively(_:_:)``, and never
    /// under it: what runs for hours holds this one, and that one for moments.
    package func backingUp<R>(_ purpose: String, _ body: () throws -> R) throws -> R {
        let lock = try state.lockForBackups(purpose, host: host, patience: drivers.patience)
        defer { lock.release() }
        return try body()
    }

    package func adapter(for store: StoreDeclaration) throws -> any StoreAdapter {
        try drivers.adapter(store, file, host)
    }

    /// How packs are made for the repository at `path`: where they are to be large, they lie in `scratch` until they are written, one after the
    /// other.
    package func writeOptions(at path: String, _ scratch: ScratchDirectory) throws -> WriteOptions {
        let size = try place(at: path).objectSize
        let standard = WriteOptions()
        return size <= standard.packSize ? standard : WriteOptions(packSize: size, packWriters: 1, spool: scratch.path)
    }

    /// A directory for staging copies, removed when it is let go. Left-overs of dead processes go first.
    package func scratch() throws -> ScratchDirectory {
        try state.makeScratch()
    }

    var passwordSource: ClusterPassword {
        ClusterPassword(file.password, host: host, trusted: .present(and: state.ownerForRoot))
    }

    package func password() throws -> Password { try passwordSource.read() }

    /// The repository of the cluster's own snapshots.
    package func storage() throws -> OpenRepository { try open(file.storage) }

    /// The repository at a path, opened once: deriving its key takes a good part of a second.
    package func open(_ path: String) throws -> OpenRepository {
        if let known = opened.withLock({ $0[path] }) { return known }
        let repository = try OpenRepository.open(try ballasted(path), password: try password(), first: knownKey(at: path), host: host)
        opened.withLock { $0[path] = repository }
        return repository
    }

    /// One that is opened already, in whichever way.
    func openedBefore(_ path: String) throws -> OpenRepository {
        try opened.withLock { $0[path] ?? $0[Self.copying(path)] } ?? open(path)
    }

    private static func copying(_ path: String) -> String { "copying \(path)" }

    /// The same for somebody who copies most of it from a place where each read takes long: pieces are read in windows.
    package func openForCopying(_ path: String) throws -> OpenRepository {
        let key = Self.copying(path)
        if let known = opened.withLock({ $0[key] }) { return known }
        let storage = ReadAheadStorage(try place(at: path).storage())
        let repository = try OpenRepository.open(storage, password: try password(), first: knownKey(at: path), host: host)
        opened.withLock { $0[key] = repository }
        return repository
    }

    /// The key file that the password opened last time.
    private func knownKey(at path: String) -> KeyID? {
        if let place = try? rememberedPlace(at: path), let key = try? memory(of: place)?.key { return KeyID(hex: key) }
        guard let standby = try? state.standby(), standby.from == path else { return nil }
        return standby.key.flatMap { KeyID(hex: $0) }
    }

    /// Makes a repository at a path, whose directory exists.
    func create(_ path: String) throws -> OpenRepository {
        let repository = try OpenRepository.create(
            in: try ballasted(path), password: try password(), cost: drivers.keyCost, host: host)
        opened.withLock { $0[path] = repository }
        return repository
    }

    /// Where the repository at `path` lies.
    func place(at path: String) throws -> any StoragePlace { try drivers.place(path, file.hdfs, host) }

    /// Whether there is a repository at `path`.
    package func isRepository(_ path: String) throws -> Bool { try place(at: path).names()?.contains("config") ?? false }

    /// The storage behind the repository at a path.
    func ballasted(_ path: String) throws -> BallastedStorage {
        let place = try place(at: path)
        let made = BallastedStorage(try place.storage(), objectSize: place.objectSize, host: host)
        return places.withLock { places in
            if let known = places[path] { return known }
            places[path] = made
            return made
        }
    }

    /// Those whose ballast may be given up now.
    var placesBeingFreed: [BallastedStorage] { places.withLock { $0.values.filter(\.isGivingUp) } }

    func forgetOpened() {
        opened.withLock { $0 = [:] }
        places.withLock { $0 = [:] }
    }
}
