/// Logical bytes that a backup of each mode holds.
package struct ModeSizes: Hashable, Sendable, Codable {
    package var full: UInt64
    package var lightweight: UInt64
    package var dataless: UInt64

    package init(full: UInt64 = 0, lightweight: UInt64 = 0, dataless: UInt64 = 0) {
        self.full = full
        self.lightweight = lightweight
        self.dataless = dataless
    }

    package subscript(mode: BackupMode) -> UInt64 {
        get {
            switch mode {
            case .full: full
            case .lightweight: lightweight
            case .dataless: dataless
            }
        }
        set {
            switch mode {
            case .full: full = newValue
            case .lightweight: lightweight = newValue
            case .dataless: dataless = newValue
            }
        }
    }

    /// Saturating.
    package mutating func add(_ other: ModeSizes) {
        for mode in BackupMode.allCases { self[mode] = self[mode].addingSaturated(other[mode]) }
    }
}

/// How an image is kept.
package enum ImageKind: String, Sendable, Codable {
    /// By the file system or the store software, beside the store; the repository holds nothing of it.
    case native
    /// In the repository, below `stores/<name>`.
    case archived
}

/// Whether an image shows one instant of its store.
package enum ImagePrecision: String, Sendable, Codable {
    case exact
    /// Entries were read one after the other.
    case fuzzy
}

/// One store's part of a snapshot or backup.
package struct StoreRecord: Hashable, Sendable, Codable {
    /// Follows ``NameRule``.
    package var name: String
    package var kind: StoreKind
    package var role: StoreRole
    /// Where the store was, absolute.
    package var path: String
    package var bulkTables: [String]
    package var image: ImageKind
    /// Native images only.
    package var nativeImageID: String?
    /// In a backup: the native image that it was read from, where such images can be compared.
    package var madeFrom: String?
    /// In a backup: why all of the store was walked, though images of it can be compared; nil when they were, or cannot be.
    package var fullWalk: String?
    /// Hex id of the tree below `stores/<name>`, as it was when the image was archived; nil for a native image, and in manifests of before it was
    /// noted. A copy has the same.
    package var tree: String?
    package var extent: StoreExtent
    package var precision: ImagePrecision
    /// The instant that the image shows lies between these two.
    package var began: Timestamp
    package var ended: Timestamp
    package var sizes: ModeSizes
    package var entries: UInt64
    /// Logical bytes of this image.
    package var bytes: UInt64
    /// Those of ``bytes`` that are neither in holes nor in blocks of zeros; nil when they were not counted, and in manifests of before they were.
    package var dataBytes: UInt64?
    /// For people and for later comparison; see the store adapters.
    package var facts: [String: String]
    /// What this image leaves out.
    package var reload: [ReloadItem]
    /// In a backup that was made of dumps: what it holds of each table.
    package var kept: [KeptRows]?
    /// In a backup that keeps the files of the store as well (``StoredForm/physical``): their logical bytes.
    package var physicalBytes: UInt64?
    /// Entries that something happened to but for those that were left out on purpose (``note(_:)``).
    package var issues: Int
    /// The first few of them as lines for people.
    package var issueExamples: [String]
    /// What happened to entries, by kind; nil when nothing did, and in manifests of before kinds were counted (``entryNotes``).
    var notes: [EntryNote]?
    /// Why the image may not stand for the store; nil when it may.
    package var doubts: [StoreDoubt]?
    /// Of the file system, HDFS or server that the store lies in; nil when it is not known.
    package var place: String?
    /// Of a native image: counting its entries was given up here; ``entries`` and ``bytes`` are not known then.
    package var entriesAtLeast: UInt64?
    /// Of an image whose store does not pin them: files that were open for writing. Nil: not asked for, or not to be had.
    package var openFiles: [OpenFile]?
    /// In a backup that was read from a native image: paths that the next one asks for again though nothing reports them as changed. Nil: none when
    /// nothing happened to entries, otherwise more than can be noted.
    package var again: [String]?
    /// Entries that the store had, or has below them, and that are not in the image; nil when there are none, and in manifests of before they were noted
    /// (``lacking``).
    package var missing: MissingPaths?

    package init(
        name: String, kind: StoreKind, role: StoreRole, path: String, bulkTables: [String] = [], image: ImageKind,
        nativeImageID: String? = nil, extent: StoreExtent = .whole, precision: ImagePrecision = .exact, began: Timestamp, ended: Timestamp,
        sizes: ModeSizes = ModeSizes(), entries: UInt64 = 0, bytes: UInt64 = 0, facts: [String: String] = [:], reload: [ReloadItem] = [],
        issues: Int = 0, issueExamples: [String] = []
    ) {
        self.name = name
        self.kind = kind
        self.role = role
        self.path = path
        self.bulkTables = bulkTables
        self.image = image
        self.nativeImageID = nativeImageID
        self.extent = extent
        self.precision = precision
        self.began = began
        self.ended = ended
        self.sizes = sizes
        self.entries = entries
        self.bytes = bytes
        self.facts = facts
        self.reload = reload
        self.issues = issues
        self.issueExamples = issueExamples
    }

    /// What a backup of this mode keeps of it.
    package func extent(in mode: BackupMode) -> StoreExtent {
        StoreExtent(mode: mode, role: role, hasBulkTables: !bulkTables.isEmpty)
    }

    /// The directory below `stores` that holds the image in a form. No store is called so (``NameRule``).
    package func folder(_ form: StoredForm) -> String { form == .physical ? "\(name).physical" : name }

    /// As a cluster file would declare it.
    package var declaration: StoreDeclaration {
        StoreDeclaration(name: name, kind: kind, role: role, path: path, bulkTables: bulkTables)
    }
}

extension StoreRecord {
    /// The fact under which unreadable entries are counted.
    package static let unreadableFact = "unreadableEntries"
    package var unreadable: Int { facts[Self.unreadableFact].flatMap(Int.init) ?? 0 }
}
