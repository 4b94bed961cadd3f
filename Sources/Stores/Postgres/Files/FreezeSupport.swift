import HostIO
import NativeImages

/// Whether the file system can keep an image of a server's files by itself: frozen at one instant, or as clones that the log makes one.
enum FreezeSupport {
    /// Only for what lies in one place: a snapshot of one subvolume shows one instant, what lies elsewhere would show another.
    static func find(_ directory: DataDirectory, _ facts: ServerFacts, _ library: NativeImageLibrary?) throws -> NativeSupport {
        if let tablespace = facts.tablespaces.first {
            return NativeSupport(method: nil, reason: "the tablespace in \(tablespace.location) lies outside of the data directory")
        }
        let root = SharedDescriptor(try Descriptor.openDirectory(directory.path))
        if try root.descriptor.status(of: Array("pg_wal".utf8)).kind == .symlink {
            return NativeSupport(method: nil, reason: "pg_wal lies outside of the data directory")
        }
        return try NativeSupport.find(for: root, library: library)
    }
}
