/// What a cluster is called and which release of its software runs.
package struct ClusterIdentity: Hashable, Sendable, Codable {
    /// Random, made by `cluster init`; tells two clusters of one name apart.
    package var id: String
    package var name: String
    package var release: Release

    package init(id: String, name: String, release: Release) {
        self.id = id
        self.name = name
        self.release = release
    }
}

package enum ManifestKind: String, Sendable, Codable, CaseIterable {
    case snapshot, backup
}

/// Who asked for a snapshot.
package enum SnapshotStyle: String, Sendable, Codable, CaseIterable {
    /// A person.
    case manual
    /// The policy.
    case periodic
    /// A restore, before it changed anything.
    case safety
}

/// The instant that a snapshot shows.
package struct Cut: Hashable, Sendable, Codable {
    package enum Consistency: String, Sendable, Codable {
        /// Writers were held by the quiesce hook: all stores show one instant.
        case quiesced
        /// Stores show instants at most the skew apart.
        case bounded
    }

    package var began: Timestamp
    package var ended: Timestamp
    /// From before the quiesce hook to after the resume hook; 0 without hooks.
    package var pauseSeconds: Double
    /// From the earliest to the latest instant at which a store was captured.
    package var skewSeconds: Double
    package var consistency: Consistency

    package init(began: Timestamp, ended: Timestamp, pauseSeconds: Double, skewSeconds: Double, consistency: Consistency) {
        self.began = began
        self.ended = ended
        self.pauseSeconds = pauseSeconds
        self.skewSeconds = skewSeconds
        self.consistency = consistency
    }
}

/// The snapshot that a backup was made from.
package struct SourceSnapshot: Hashable, Sendable, Codable {
    package var name: String
    /// Hex of the snapshot id in the cluster's own repository.
    package var id: String
    package var created: Timestamp

    package init(name: String, id: String, created: Timestamp) {
        self.name = name
        self.id = id
        self.created = created
    }
}

/// What a snapshot or backup holds and how it came about: `/manifest.json` of its tree. See `docs/format.md`.
package struct Manifest: Hashable, Sendable, Codable {
    /// The newest format that this program writes and reads.
    package static let newestFormat = 1
    /// Bytes of its JSON: several times those of a cluster of ten thousand stores.
    package static let longest = 64 << 20
    /// Where it stands in the tree of a snapshot.
    package static let fileName = "manifest.json"
    /// The directory beside it that holds one directory a store.
    package static let storesFolder = "stores"

    package var format: Int
    /// The writer: `holdfast 0.1.0`.
    package var program: String
    package var kind: ManifestKind
    package var name: SnapshotName
    package var cluster: ClusterIdentity
    package var created: Timestamp
    package var reason: String
    package var style: SnapshotStyle
    /// As it was when written; a catalogue may say otherwise later (``Catalogue/keeping(of:id:)``).
    package var pinned: Bool
    /// As it was when written; nil is never.
    package var expires: Timestamp?
    package var cut: Cut
    /// Backups only.
    package var mode: BackupMode?
    /// Backups only.
    package var source: SourceSnapshot?
    /// In the order of the cluster file.
    package var stores: [StoreRecord]
    /// Nil in manifests of before there was such a thing; without a value where it cannot be read.
    private var settings: Tolerant<ClusterSettings>?

    /// What the cluster was set up with, beside its stores; nil when it is not known.
    package var clusterSettings: ClusterSettings? {
        get { settings?.value }
        set { settings = newValue.map { Tolerant($0) } }
    }

    package init(
        format: Int = newestFormat, program: String, kind: ManifestKind, name: SnapshotName, cluster: ClusterIdentity, created: Timestamp,
        reason: String, style: SnapshotStyle, pinned: Bool, expires: Timestamp?, cut: Cut, mode: BackupMode? = nil,
        source: SourceSnapshot? = nil, stores: [StoreRecord]
    ) {
        self.format = format
        self.program = program
        self.kind = kind
        self.name = name
        self.cluster = cluster
        self.created = created
        self.reason = reason
        self.style = style
        self.pinned = pinned
        self.expires = expires
        self.cut = cut
        self.mode = mode
        self.source = source
        self.stores = stores
    }

    /// Logical bytes that a backup of each mode of it would hold.
    package var sizes: ModeSizes { stores.reduce(into: ModeSizes()) { $0.add($1.sizes) } }

    /// Logical bytes that its images hold.
    package var bytes: UInt64 { stores.reduce(0) { $0.addingSaturated($1.bytes) } }

    /// Everything that was left out, store by store.
    package var reload: [ReloadItem] { stores.flatMap(\.reload) }

    package func store(named name: String) -> StoreRecord? { stores.first { $0.name == name } }
}
