import Model
package import ObjectStorage
import ResticFormat

/// Object names of a repository's files (format section "Repository Layout").
enum RepositoryNames {
    static let config = ObjectName(known: RepositoryLayout.config)
    static let packFolder = RepositoryLayout.Folder.data.rawValue
    static let indexFolder = RepositoryLayout.Folder.index.rawValue
    static let keyFolder = RepositoryLayout.Folder.keys.rawValue
    static let lockFolder = RepositoryLayout.Folder.locks.rawValue
    static let snapshotFolder = RepositoryLayout.Folder.snapshots.rawValue
    /// Of ours; restic passes it over.
    static let markFolder = "holdfast/doomed"
    /// Of ours; restic passes it over.
    static let damageFolder = "holdfast/damaged"
    /// Of ours; restic passes it over.
    static let forgottenFolder = "holdfast/forgotten"

    /// Bytes of the largest file of its kind that is read: many times what any restic or Holdfast writes.
    static func limit(of name: ObjectName) -> Int {
        switch name.text.prefix(while: { $0 != "/" }) {
        case RepositoryLayout.config, keyFolder, lockFolder: 1 << 16
        case indexFolder: 1 << 28
        default: 1 << 26
        }
    }

    /// Bytes of the plain content, which a small file can claim to be any number (an index of 50,000 blobs has about 10 MB).
    static func contentLimit(of name: ObjectName) -> Int {
        switch name.text.prefix(while: { $0 != "/" }) {
        case RepositoryLayout.config, keyFolder, lockFolder: 1 << 20
        case snapshotFolder: 1 << 26
        default: 1 << 28
        }
    }

    static func pack(_ id: PackID) -> ObjectName { ObjectName(known: RepositoryLayout.name(of: id)) }
    static func index(_ id: IndexID) -> ObjectName { ObjectName(known: RepositoryLayout.name(of: id)) }
    static func key(_ id: KeyID) -> ObjectName { ObjectName(known: RepositoryLayout.name(of: id)) }
    static func lock(_ id: LockID) -> ObjectName { ObjectName(known: RepositoryLayout.name(of: id)) }
    static func snapshot(_ id: SnapshotID) -> ObjectName { ObjectName(known: RepositoryLayout.name(of: id)) }
    static func mark(_ id: ObjectID<DeletionMark>) -> ObjectName { ObjectName(known: "\(markFolder)/\(id.hex)") }
    static func forgotten(_ id: ObjectID<ForgottenNote>) -> ObjectName { ObjectName(known: "\(forgottenFolder)/\(id.hex)") }
    static func damage(_ id: ObjectID<DamageNote>) -> ObjectName { ObjectName(known: "\(damageFolder)/\(id.hex)") }
}

extension ObjectStorage {
    /// The ids that name objects directly in `folder`; other names are passed over, as the format asks.
    func ids<Named>(in folder: String, naming: Named.Type) throws -> [ObjectID<Named>] {
        try list(folder).compactMap { entry in
            RepositoryLayout.id(in: entry.name.text, naming).flatMap { entry.name.text == "\(folder)/\($0.hex)" ? $0 : nil }
        }
    }

    /// SHA-256 of the bytes of the config as they are stored: 64 hex digits.
    package func configDigest() throws -> String {
        let bytes = try read(RepositoryNames.config, limit: RepositoryNames.limit(of: RepositoryNames.config))
        return try bytes.withUnsafeBytes { try Hasher256().hash($0, naming: BlobNamed.self).hex }
    }

    /// What the indexes have together by their sizes in the listing. Files of other names, and those that are larger than any index, are not counted.
    package func indexBytes() throws(StorageError) -> UInt64 {
        let folder = RepositoryNames.indexFolder
        return try list(folder).reduce(0) { sum, entry in
            let id = RepositoryLayout.id(in: entry.name.text, IndexNamed.self)
            guard let id, entry.name.text == "\(folder)/\(id.hex)", entry.size <= UInt64(RepositoryNames.limit(of: entry.name)) else {
                return sum
            }
            return sum.addingSaturated(entry.size)
        }
    }

    /// Packs with their sizes; other names are passed over.
    func packs() throws -> [(id: PackID, size: UInt64)] {
        try list(RepositoryNames.packFolder).compactMap { entry in
            RepositoryLayout.id(in: entry.name.text, PackNamed.self).flatMap {
                entry.name.text == RepositoryLayout.name(of: $0) ? ($0, entry.size) : nil
            }
        }
    }
}
