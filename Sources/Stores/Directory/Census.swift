import HostIO

/// Files and bytes below a directory.
struct Census: Hashable, Sendable {
    private(set) var files: UInt64 = 0
    /// Without the root.
    private(set) var directories: UInt64 = 0
    private(set) var others: UInt64 = 0
    /// Logical.
    private(set) var bytes: UInt64 = 0

    /// Entries that a look at a store may cost: about a quarter of a second.
    static let quick = 100_000
    /// Levels of directories that it goes down, each an open descriptor.
    private static let depth = 200

    /// Nil when there are more than `limit` entries, or directories nested beyond reason. What cannot be read is left out.
    init?(of root: SharedDescriptor, limit: Int) throws {
        var left = limit
        guard try add(root, &left, depth: Self.depth) else { return nil }
    }

    /// False when the limit is reached.
    private mutating func add(_ folder: SharedDescriptor, _ left: inout Int, depth: Int) throws -> Bool {
        guard depth > 0 else { return false }
        for entry in try folder.descriptor.entries() {
            left -= 1
            guard left >= 0 else { return false }
            if entry.kind == .directory {
                directories += 1
                guard let below = try? SharedDescriptor(folder.descriptor.openDirectory(entry.name)) else { continue }
                guard try add(below, &left, depth: depth - 1) else { return false }
            } else if let status = try? folder.descriptor.status(of: entry.name) {
                others += status.kind == .file ? 0 : 1
                guard status.kind == .file else { continue }
                files += 1
                bytes = bytes.addingReportingOverflow(UInt64(exactly: status.size) ?? 0).partialValue
            }
        }
        return true
    }
}
