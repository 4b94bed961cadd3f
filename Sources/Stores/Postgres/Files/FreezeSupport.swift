import HostIO
import NativeImages

/// Whether the file system can freeze a server's files at one instant.
enum FreezeSupport {
    /// A snapshot of one subvolume shows one instant; what lies elsewhere would show another.
    static func find(_ directory: DataDirectory, _ facts: ServerFacts, _ library: NativeImageLibrary?) throws -> NativeSupport {
        if let tablespace = facts.tablespaces.first {
            return NativeSupport(method: nil, reason: "the tablespace in \(tablespace.location) lies outside of the data directory")
        }
        let root = SharedDescriptor(try Descriptor.openDirectory(directory.path))
        if try root.descriptor.status(of: Array("pg_wal".utf8)).kind == .symlink {
            return NativeSupport(method: nil, reason: "pg_wal lies outside of the data directory")
        }
        let support = try NativeSupport.find(for: root, library: library)
        guard support.method == .clone else { return support }
        return NativeSupport(method: nil, reason: "the data directory is no btrfs subvolume, and clones of files show no one instant")
    }
}
