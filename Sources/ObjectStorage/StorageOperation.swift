/// One call on a storage, as ``FaultyStorage`` records it.
package struct StorageOperation: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case list, size, read, write, replace, remove, space
    }

    package let kind: Kind
    /// The object's name, a folder for `list`, empty for `space`.
    package let object: String
    /// Bytes asked for or given; 0 for other kinds.
    package let bytes: Int

    package init(_ kind: Kind, _ object: String, bytes: Int = 0) {
        self.kind = kind
        self.object = object
        self.bytes = bytes
    }

    /// Whether it changes the storage.
    package var isChange: Bool { Self.changes.contains(kind) }

    package static let changes: Set<Kind> = [.write, .replace, .remove]
}
