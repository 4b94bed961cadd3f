/// What the files of a repository are called (format section "Repository Layout").
package enum RepositoryLayout {
    package static let config = "config"

    package enum Folder: String, Sendable, CaseIterable {
        case data, index, keys, locks, snapshots
    }

    package static func name(of id: PackID) -> String {
        let hex = id.hex
        return "data/\(hex.prefix(2))/\(hex)"
    }

    package static func name(of id: IndexID) -> String { "index/\(id.hex)" }
    package static func name(of id: KeyID) -> String { "keys/\(id.hex)" }
    package static func name(of id: LockID) -> String { "locks/\(id.hex)" }
    package static func name(of id: SnapshotID) -> String { "snapshots/\(id.hex)" }

    /// The id in the last component of a name; nil for files that are none of the repository's.
    package static func id<Named>(in name: String, _: Named.Type = Named.self) -> ObjectID<Named>? {
        guard name.utf8.count >= 64 else { return nil }
        let digits = name.utf8.suffix(64)
        guard digits.startIndex == name.utf8.startIndex || name.utf8[name.utf8.index(before: digits.startIndex)] == 0x2F else { return nil }
        return ObjectID<Named>(hex: Substring(digits))
    }
}
