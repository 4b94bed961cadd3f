package import HostIO
package import ObjectStorage
package import ResticFormat

/// A repository whose config and master key are known and whose index is not: snapshots, keys and locks can be reached, blobs cannot.
package final class OpenRepository: Sendable {
    package let storage: any ObjectStorage
    package let config: RepositoryConfig
    package let host: Host
    /// The key file that the password opened.
    package let openedWith: KeyID
    let key: MasterKey
    let files: UnpackedFiles

    init(storage: any ObjectStorage, config: RepositoryConfig, key: MasterKey, openedWith: KeyID, host: Host) {
        self.storage = storage
        self.config = config
        self.host = host
        self.key = key
        self.openedWith = openedWith
        files = UnpackedFiles(storage: storage, key: key, host: host, compresses: config.version >= 2)
    }

    /// The repository's id: 64 hex digits.
    package var id: String { config.id }

    /// Makes a repository of format version 2. Refuses a place that has a config, a snapshot or a pack.
    ///
    /// The config is written last, so that an interrupted call leaves nothing that looks like a repository. Of two calls at once the one
    /// whose config is first wins, and its key is the only one.
    package static func create(
        in storage: any ObjectStorage, password: Password, cost: KeyDerivationCost = .standard, host: Host
    ) throws -> OpenRepository {
        guard try storage.size(of: RepositoryNames.config) == nil, try isEmpty(storage) else {
            throw RepositoryError.alreadyARepository(location: storage.location)
        }
        for leftover in try storage.ids(in: RepositoryNames.keyFolder, naming: KeyNamed.self) {
            try storage.remove(RepositoryNames.key(leftover))
        }
        let key = MasterKey(derived: host.randomBytes(64))
        let config = try RepositoryConfig(
            version: 2, id: host.randomHex(bytes: 32), chunkerPolynomial: irreducible(host.random))
        let keys = KeyFiles(storage: storage, host: host)
        var keyID = try keys.write(key, password: password, cost: cost)
        do {
            try UnpackedFiles(storage: storage, key: key, host: host, compresses: false).writeConfig(config.encoded())
        } catch let error as StorageError where error.kind == .exists {
            try storage.remove(RepositoryNames.key(keyID))
            throw RepositoryError.alreadyARepository(location: storage.location)
        }
        // It is there from the beginning, so that one that is missing later was taken away. Readers pass over the name.
        let first = ObjectName(known: "\(RepositoryNames.snapshotFolder)/first")
        try storage.write(first, [UInt8]())
        try storage.remove(first)
        // Another creation may have taken the key for a left-over before it lost.
        if try storage.size(of: RepositoryNames.key(keyID)) == nil { keyID = try keys.write(key, password: password, cost: cost) }
        return OpenRepository(storage: storage, config: config, key: key, openedWith: keyID, host: host)
    }

    /// Opens with the first key file that the password fits. `first`: the one that did last time, which is tried before all others.
    package static func open(
        _ storage: any ObjectStorage, password: Password, first: KeyID? = nil, host: Host
    ) throws -> OpenRepository {
        guard try storage.size(of: RepositoryNames.config) != nil else { throw try withoutConfig(storage) }
        let (key, keyID) = try KeyFiles(storage: storage, host: host).open(password, first: first)
        let config = try config(UnpackedFiles(storage: storage, key: key, host: host, compresses: false))
        guard config.version == 1 || config.version == 2 else {
            throw RepositoryError.unsupportedVersion(config.version, location: storage.location)
        }
        return OpenRepository(storage: storage, config: config, key: key, openedWith: keyID, host: host)
    }

    private static func withoutConfig(_ storage: any ObjectStorage) throws -> RepositoryError {
        try isEmpty(storage) ? .notARepository(location: storage.location) : .missingConfig(location: storage.location)
    }

    /// Whether there is neither a snapshot nor a pack.
    private static func isEmpty(_ storage: any ObjectStorage) throws -> Bool {
        try storage.ids(in: RepositoryNames.snapshotFolder, naming: SnapshotNamed.self).isEmpty && storage.packs().isEmpty
    }

    private static func config(_ files: UnpackedFiles) throws -> RepositoryConfig {
        do {
            let json = try files.read(RepositoryNames.config, id: ObjectID<KeyNamed>?.none)
            return try json.withUnsafeBytes { try RepositoryConfig(decoding: $0) }
        } catch {
            guard let reason = UnpackedFiles.damage(error) else { throw error }
            throw RepositoryError.damagedConfig(reason: reason, location: files.storage.location)
        }
    }

    /// restic refuses a repository whose polynomial is not irreducible, whoever cuts the files.
    private static func irreducible(_ random: any RandomSource) throws -> UInt64 {
        guard let polynomial = ChunkerPolynomial.random({ random.fill($0) }) else { throw RepositoryError.library("random polynomial") }
        return polynomial
    }

    /// See ``ObjectStorage/configDigest()``.
    package func configDigest() throws -> String { try storage.configDigest() }

    package func makeOpener() throws -> BlobOpener { try BlobOpener(key: key, host: host) }
}
