package import ObjectStorage

/// A storage that calls back around each operation, on the calling thread: to let something else happen at just that moment.
package struct WatchedStorage: ObjectStorage {
    private let base: any ObjectStorage
    private let before: @Sendable (StorageOperation) -> Void
    private let after: @Sendable (StorageOperation) -> Void

    package init(
        _ base: any ObjectStorage, before: @escaping @Sendable (StorageOperation) -> Void = { _ in },
        after: @escaping @Sendable (StorageOperation) -> Void = { _ in }
    ) {
        self.base = base
        self.before = before
        self.after = after
    }

    package var location: String { base.location }

    private func around<Result>(
        _ operation: StorageOperation, _ body: () throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        before(operation)
        let result = try body()
        after(operation)
        return result
    }

    package func list(_ folder: String) throws(StorageError) -> [ObjectEntry] {
        try around(StorageOperation(.list, folder)) { () throws(StorageError) in try base.list(folder) }
    }

    package func holdsFolder(_ folder: String) throws(StorageError) -> Bool? {
        try around(StorageOperation(.list, folder)) { () throws(StorageError) in try base.holdsFolder(folder) }
    }

    package func size(of name: ObjectName) throws(StorageError) -> UInt64? {
        try around(StorageOperation(.size, name.text)) { () throws(StorageError) in try base.size(of: name) }
    }

    package func read(_ name: ObjectName, from offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        try around(StorageOperation(.read, name.text, bytes: buffer.count)) { () throws(StorageError) in
            try base.read(name, from: offset, into: buffer)
        }
    }

    package func write(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        try around(StorageOperation(.write, name.text)) { () throws(StorageError) in try base.write(name, parts) }
    }

    package func replace(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        try around(StorageOperation(.replace, name.text)) { () throws(StorageError) in try base.replace(name, parts) }
    }

    package func remove(_ name: ObjectName) throws(StorageError) {
        try around(StorageOperation(.remove, name.text)) { () throws(StorageError) in try base.remove(name) }
    }

    package func space() throws(StorageError) -> StorageSpace? {
        try around(StorageOperation(.space, "")) { () throws(StorageError) in try base.space() }
    }
}
