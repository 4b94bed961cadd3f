/// What an installation has seen of its cluster in one repository. A later look is held against it, so that it is told when entries are gone that nobody
/// here deleted, when an older copy of the whole lies there, and when it is another repository.
package struct PlaceMemory: Hashable, Sendable, Codable {
    /// A snapshot or backup of the cluster.
    package struct Entry: Hashable, Sendable, Codable {
        /// Hex.
        package var id: String
        package var kind: ManifestKind
        package var name: String
        package var created: Timestamp

        package init(id: String, kind: ManifestKind, name: String, created: Timestamp) {
            self.id = id
            self.kind = kind
            self.name = name
            self.created = created
        }
    }

    /// Entries that are remembered; older ones are not.
    package static let most = 2000
    /// The same of deleted ones.
    private static let mostDeleted = 1000

    /// Id of the cluster that the entries are of.
    package var cluster: String
    /// The repository's id: 64 hex digits.
    package var repository: String
    /// SHA-256 of the bytes of its config: 64 hex digits. Nil in a memory of before it was noted.
    package var config: String?
    /// Hex id of the key file that the password opened last.
    package var key: String?
    /// Oldest first.
    package private(set) var entries: [Entry]
    /// Entries that a Holdfast has deleted, in that order: none of them comes back by itself. Nil in a memory of before they were noted.
    private var deleted: [Entry]?
    /// Snapshots of others in the same repository, at the last look.
    package private(set) var others: Int
    /// Their ids in hex, the newest ones, oldest first. Nil in a memory of before they were noted.
    package private(set) var strangers: [String]?
    /// The last look at which nothing was missing.
    package var whole: Timestamp

    /// `strangers`: see there.
    package init(cluster: String, repository: String, entries: [Entry] = [], strangers: [String] = [], whole: Timestamp) {
        self.cluster = cluster
        self.repository = repository
        self.entries = []
        others = 0
        self.whole = whole
        add(entries)
        note(strangers: strangers)
    }

    /// All that were found in a look, hex, oldest first.
    package mutating func note(strangers all: [String]) {
        others = all.count
        strangers = all.suffix(Self.most)
    }

    /// Entries that are known already stay as they are.
    package mutating func add(_ new: [Entry]) {
        let known = Set(entries.map(\.id))
        entries += new.filter { !known.contains($0.id) }
        entries.sort { ($0.created, $0.id) < ($1.created, $1.id) }
        if entries.count > Self.most { entries.removeFirst(entries.count - Self.most) }
    }

    /// Before somebody here deletes them, and when another installation of the cluster has.
    package mutating func drop(_ ids: Set<String>) {
        entries.removeAll { ids.contains($0.id) }
        strangers?.removeAll(where: ids.contains)
    }

    /// After they were deleted.
    package mutating func noteDeleted(_ gone: [Entry]) {
        let known = Set((deleted ?? []).map(\.id))
        deleted = ((deleted ?? []) + gone.filter { !known.contains($0.id) }).suffix(Self.mostDeleted)
    }

    /// Deleted ones that are there again.
    package func returned(among present: Set<String>) -> [Entry] { (deleted ?? []).filter { present.contains($0.id) } }

    /// What `other` knew of deleted ones, but for those that a person has accepted as being there.
    package mutating func takeDeleted(from other: PlaceMemory?, besides present: Set<String>) {
        noteDeleted((other?.deleted ?? []).filter { !present.contains($0.id) })
    }
}

/// A repository of a cluster, as its memory and its commands name it.
package enum RememberedPlace: Hashable, Sendable {
    case storage
    case target(String)

    /// "storage", "target nas": also how messages name it.
    package var key: String {
        switch self {
        case .storage: "storage"
        case .target(let name): "target \(name)"
        }
    }

    /// The command by which a person says that it is right as it is.
    package var acceptance: String {
        switch self {
        case .storage: "holdfast target accept --storage"
        case .target(let name): "holdfast target accept \(name)"
        }
    }
}

/// One look at a repository.
package struct PlaceSight: Hashable, Sendable {
    /// Its id.
    package var repository: String
    /// Hex ids of the snapshots that are there and can be read, of whatever cluster.
    package var present: Set<String>
    /// Of entries of other kinds nothing is known.
    package var kinds: Set<ManifestKind>
    /// There is data, and no snapshot at all of anybody.
    package var isEmptied: Bool
    /// SHA-256 of its config, in hex; nil when nobody has looked.
    package var config: String?

    package init(
        repository: String, present: Set<String>, kinds: Set<ManifestKind> = Set(ManifestKind.allCases), isEmptied: Bool = false,
        config: String? = nil
    ) {
        self.config = config
        self.repository = repository
        self.present = present
        self.kinds = kinds
        self.isEmptied = isEmptied
    }
}

extension PlaceMemory {
    /// Why what was seen before and this look cannot both be right; nil when they can. `before` is the memory from before the look and `after` the one
    /// from after it: what somebody added or deleted meanwhile is no cause for doubt.
    package static func doubt(about sight: PlaceSight, before: PlaceMemory?, after: PlaceMemory?) -> PlaceDoubt? {
        guard let before, let after else { return before == nil && sight.isEmptied ? .unexplained : nil }
        let lasting = Set(after.entries.map(\.id))
        let gone = before.entries.filter { entry in
            sight.kinds.contains(entry.kind) && lasting.contains(entry.id) && !sight.present.contains(entry.id)
        }
        var doubt = PlaceDoubt(
            isOtherRepository: after.repository != sight.repository, gone: gone, remembered: before.entries.count,
            isUnexplained: sight.isEmptied && after.others > 0, since: after.whole)
        if !doubt.isOtherRepository, let config = after.config, let found = sight.config { doubt.isOtherConfig = config != found }
        if sight.kinds.count == ManifestKind.allCases.count {
            let known = Set(after.strangers ?? [])
            doubt.goneStrangers = (before.strangers ?? []).filter { known.contains($0) && !sight.present.contains($0) }
        }
        let wereDeleted = Set(before.returned(among: sight.present).map(\.id))
        doubt.returned = after.returned(among: sight.present).filter { wereDeleted.contains($0.id) && sight.kinds.contains($0.kind) }
        return doubt.isNone ? nil : doubt
    }
}
