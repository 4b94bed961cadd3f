import Model

/// The name of an object: `/`-separated components of printable ASCII, relative, without `.` and `..`.
package struct ObjectName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Refuses a name that could leave the storage or that some storage cannot hold.
    package init?(_ text: String) {
        guard text.utf8.count <= 240 else { return nil }
        // Of the component: its bytes, and those that are dots. A name is made for each read, so nothing is taken apart here.
        var (count, dots) = (0, 0)
        for byte in text.utf8 {
            if byte == UInt8(ascii: "/") {
                guard count > 0, count > 2 || dots < count else { return nil }
                (count, dots) = (0, 0)
                continue
            }
            guard byte > 0x20, byte < 0x7F else { return nil }
            count += 1
            if byte == UInt8(ascii: ".") { dots += 1 }
        }
        guard count > 0, count > 2 || dots < count else { return nil }
        self.text = text
    }

    /// A name put together from constants and hex digits; one that is not sound is a programming error.
    package init(known text: String) {
        guard let name = ObjectName(text) else { preconditionFailure("not an object name: \(text)") }
        self = name
    }

    package static func < (left: ObjectName, right: ObjectName) -> Bool { left.text < right.text }

    package var description: String { text }
}

/// An object in a listing.
package struct ObjectEntry: Hashable, Sendable {
    package let name: ObjectName
    /// Bytes.
    package let size: UInt64

    package init(name: ObjectName, size: UInt64) {
        self.name = name
        self.size = size
    }
}

/// Free and total bytes of the place behind a storage.
package struct StorageSpace: Hashable, Sendable {
    package let free: UInt64
    package let total: UInt64

    package init(free: UInt64, total: UInt64) {
        self.free = free
        self.total = total
    }
}

/// Named, immutable byte objects: all that the repository engine asks of a place.
///
/// Every call may block, so it is made from threads of Holdfast's own and never from the cooperative pool; every call may be made
/// from several threads at once. `ObjectStorageContract` in the tests says the same in code and runs on every implementation.
package protocol ObjectStorage: Sendable {
    /// Where it is, for messages: a path or URL without secrets.
    var location: String { get }

    /// All objects in `folder`, and in folders below it whose names are two hexadecimal digits, in no particular order. A folder that is not there is
    /// an empty one, unless the whole storage is gone (``StorageError/Kind/unreachable``). Left-overs of interrupted writes
    /// are not listed. What has the name of an object, hexadecimal digits, and cannot be one (a directory, a symbolic link, a FIFO, a device) is listed with
    /// size 0, and reading it is ``StorageError/Kind/misplaced``; so is a listing in which a symbolic link has the name of a folder. Of whatever has
    /// another name plain files are listed, and nothing else is: they are not what the storage made.
    func list(_ folder: String) throws(StorageError) -> [ObjectEntry]

    /// Whether `folder` is there, whatever it holds; nil where folders are no more than the beginnings of names. Throws as ``list(_:)`` does.
    func holdsFolder(_ folder: String) throws(StorageError) -> Bool?

    /// Names directly in `folder` that are neither an object's nor a folder's (hexadecimal digits), in order; nothing else is passed over by ``list(_:)``. Empty
    /// where nobody else can put anything.
    func strays(in folder: String) throws(StorageError) -> [String]

    /// The size in bytes, or nil when there is no such object. ``StorageError/Kind/misplaced`` for what cannot be one.
    func size(of name: ObjectName) throws(StorageError) -> UInt64?

    /// Reads `buffer.count` bytes from `offset` on. An object that ends earlier is an error (``StorageError/Kind/truncated``).
    func read(_ name: ObjectName, from offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError)

    /// Makes an object of the concatenated `parts`. When it returns, the object is durable, whole and listed; when it throws,
    /// either nothing or the whole object is there, never a part. An object of that name that exists is left as it is and
    /// reported as ``StorageError/Kind/exists``.
    func write(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError)

    /// Like ``write(_:_:)``, but an object of that name is replaced atomically.
    func replace(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError)

    /// Removes an object; one that is not there is not an error. Durable when it returns.
    func remove(_ name: ObjectName) throws(StorageError)

    /// Free space, when the place can tell.
    func space() throws(StorageError) -> StorageSpace?
}

extension ObjectStorage {
    package func strays(in folder: String) throws(StorageError) -> [String] { [] }

    /// The whole object, of at most `limit` bytes (``StorageError/Kind/oversized``): what lies in a place may have been put there by anybody.
    package func read(_ name: ObjectName, limit: Int) throws(StorageError) -> [UInt8] {
        guard let size = try size(of: name) else { throw StorageError(.notFound, name.text, in: location) }
        guard let count = Int(exactly: size), count <= limit else {
            let detail = "it has \(ByteCount(size)), at most \(ByteCount(UInt64(clamping: limit))) are read"
            throw StorageError(.oversized, name.text, in: location, detail: detail)
        }
        var bytes = [UInt8](repeating: 0, count: count)
        var failed: StorageError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(StorageError) { try read(name, from: 0, into: buffer) } catch { failed = error }
        }
        if let failed { throw failed }
        return bytes
    }

    package func write(_ name: ObjectName, _ bytes: [UInt8]) throws(StorageError) {
        var failed: StorageError?
        bytes.withUnsafeBytes { buffer in
            do throws(StorageError) { try write(name, [buffer]) } catch { failed = error }
        }
        if let failed { throw failed }
    }
}
