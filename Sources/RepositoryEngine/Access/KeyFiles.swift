import HostIO
import Model
import ObjectStorage
package import ResticFormat

/// A key file as a listing shows it.
package struct KeyEntry: Hashable, Sendable {
    package let id: KeyID
    package let username: String
    package let hostname: String
    /// RFC 3339, as its writer put it.
    package let created: String
}

/// Reading and writing of `keys/` (format section "Keys, Encryption and MAC").
struct KeyFiles {
    let storage: any ObjectStorage
    let host: Host

    private func find(first: KeyID? = nil) throws -> KeyTrials {
        let listed = try storage.list(RepositoryNames.keyFolder).compactMap { entry in
            RepositoryLayout.id(in: entry.name.text, KeyNamed.self).flatMap {
                RepositoryNames.key($0) == entry.name ? (id: $0, size: entry.size) : nil
            }
        }
        var trials = KeyTrials(first: first)
        for (id, size) in trials.readingOrder(listed) {
            guard size <= KeyTrials.longestFile else {
                trials.skip(id, "it is \(size) bytes long")
                continue
            }
            do { trials.add(id, try read(id)) } catch let error as StorageError where error.kind == .unreachable {
                throw error
            } catch {
                trials.unreadable.append((RepositoryNames.key(id), error))
            }
        }
        return trials
    }

    private func read(_ id: KeyID) throws -> KeyFile {
        let name = RepositoryNames.key(id)
        let bytes: [UInt8] = try storage.read(name, limit: RepositoryNames.limit(of: name))
        guard try bytes.withUnsafeBytes({ try Hasher256().hash($0, naming: KeyNamed.self) }) == id else {
            throw RepositoryError.damagedFile(
                name: name.text, reason: "its bytes do not hash to its name", location: storage.location)
        }
        return try bytes.withUnsafeBytes { try KeyFile(decoding: $0) }
    }

    /// Tries `first`, the one that opened last time, then the cheapest. A key file that cannot be read, or costs too much, matters only when no other opens.
    func open(_ password: Password, first: KeyID? = nil) throws -> (MasterKey, KeyID) {
        var trials = try find(first: first)
        for (count, entry) in trials.choose().enumerated() {
            try EndingSignals.check(after: 64 * count)
            do {
                if let key = try master(in: entry.file, password: password) { return (key, entry.id) }
            } catch let error as FormatError {
                trials.unreadable.append((RepositoryNames.key(entry.id), error))
            }
        }
        throw refusal(trials)
    }

    private func refusal(_ trials: KeyTrials) -> any Error {
        let location = storage.location
        if let skipped = trials.skippedText { return RepositoryError.keysNotTried(skipped, location: location) }
        guard let bad = trials.unreadable.first else {
            return trials.readable.isEmpty ? RepositoryError.noKeys(location: location) : .wrongPassword(location: location)
        }
        guard let reason = UnpackedFiles.damage(bad.error) else { return bad.error }
        return trials.readable.isEmpty
            ? RepositoryError.damagedKeys(name: bad.name.text, reason: reason, location: location)
            : .wrongPasswordOrDamagedKey(name: bad.name.text, location: location)
    }

    private func master(in file: KeyFile, password: Password) throws -> MasterKey? {
        let derived = MasterKey(derived: try file.derivationCost.derive(password: password.bytes, salt: file.salt))
        var sealed = file.data
        let cipher = try Cipher(derived, random: host.random)
        return try sealed.withUnsafeMutableBytes { bytes in
            guard let plain = try cipher.open(bytes) else { return nil }
            let parts = try MasterKeyFile(decoding: UnsafeRawBufferPointer(plain))
            return MasterKey(encrypt: parts.encryptionKey, macKey: parts.macKey, macR: parts.macR)
        }
    }

    func write(_ key: MasterKey, password: Password, cost: KeyDerivationCost) throws -> KeyID {
        let salt = host.randomBytes(64)
        let derived = MasterKey(derived: try cost.derive(password: password.bytes, salt: salt))
        let plain = MasterKeyFile(macKey: key.macKey, macR: key.macR, encryptionKey: key.encrypt).encoded()
        var data = [UInt8](repeating: 0, count: plain.count + Cipher.overhead)
        let cipher = try Cipher(derived, random: host.random)
        try data.withUnsafeMutableBytes { data in try plain.withUnsafeBytes { try cipher.seal($0, into: data) } }
        let file = KeyFile(
            created: NodeTime(host.clock.now()), username: host.user, hostname: host.name, cost: UInt32(cost.n), blockSize: UInt32(cost.r),
            parallelism: UInt32(cost.p),
            salt: salt, data: data)
        return try store(file.encoded())
    }

    private func store(_ json: [UInt8]) throws -> KeyID {
        let id = try json.withUnsafeBytes { try Hasher256().hash($0, naming: KeyNamed.self) }
        try storage.write(RepositoryNames.key(id), json)
        return id
    }

    func list() throws -> [KeyEntry] {
        try find().readable.map {
            KeyEntry(id: $0.id, username: $0.file.username, hostname: $0.file.hostname, created: $0.file.created.rfc3339)
        }
    }
}

extension OpenRepository {
    /// Readable key files, by id.
    package func keys() throws -> [KeyEntry] { try KeyFiles(storage: storage, host: host).list() }

    /// One more password for the same master key.
    package func addKey(_ password: Password, cost: KeyDerivationCost = .standard) throws -> KeyID {
        try KeyFiles(storage: storage, host: host).write(key, password: password, cost: cost)
    }

    /// Refuses the last key and an id that is not there.
    package func removeKey(_ id: KeyID) throws {
        let ids = try storage.ids(in: RepositoryNames.keyFolder, naming: KeyNamed.self)
        guard ids.contains(id) else { throw RepositoryError.unknownKey(id.short) }
        guard ids.count > 1 else { throw RepositoryError.lastKey }
        try storage.remove(RepositoryNames.key(id))
    }
}
