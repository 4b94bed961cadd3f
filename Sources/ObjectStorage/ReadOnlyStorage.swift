/// A storage that refuses every change with ``StorageError/Kind/readOnly``: for looking at a place that must stay as it is.
package struct ReadOnlyStorage: ObjectStorage {
    private let base: any ObjectStorage

    package init(_ base: any ObjectStorage) { self.base = base }

    package var location: String { base.location }

    package func list(_ folder: String) throws(StorageError) -> [ObjectEntry] { try base.list(folder) }
    package func holdsFolder(_ folder: String) throws(StorageError) -> Bool? { try base.holdsFolder(folder) }
    package func strays(in folder: String) throws(StorageError) -> [String] { try base.strays(in: folder) }
    package func size(of name: ObjectName) throws(StorageError) -> UInt64? { try base.size(of: name) }
    package func read(_ name: ObjectName, from offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        try base.read(name, from: offset, into: buffer)
    }
    package func space() throws(StorageError) -> StorageSpace? { try base.space() }

    package func write(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) { throw refusal(name) }
    package func replace(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) { throw refusal(name) }
    package func remove(_ name: ObjectName) throws(StorageError) { throw refusal(name) }

    private func refusal(_ name: ObjectName) -> StorageError {
        StorageError(.readOnly, name.text, in: location, detail: "opened for reading only")
    }
}
