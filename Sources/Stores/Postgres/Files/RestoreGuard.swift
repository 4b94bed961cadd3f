import HostIO
import Model

/// Keeps every server from starting on a data directory that is half restored: without `PG_VERSION` none does.
struct RestoreGuard {
    let directory: DataDirectory

    private static let version = Array("PG_VERSION".utf8)
    private static let standIn = Array(DataDirectory.guardName.utf8)

    /// Durable when it returns.
    func raise() throws {
        let folder = try Descriptor.openDirectory(directory.path)
        if try folder.statusIfPresent(of: Self.version) != nil {
            try folder.rename(Self.version, to: Self.standIn)
        } else if try directory.isClosed() {
            try AtomicFile.write(Array("\(try directory.release() ?? "")\n".utf8), to: directory.file(DataDirectory.guardName), mode: 0o600)
        } else if try folder.statusIfPresent(of: Self.standIn) == nil {
            _ = try folder.open(Self.standIn, [.write, .createNew])
        }
        try folder.sync()
    }

    /// Says that all of an image of that release is there, and keeps servers out until it is lowered. Durable when it returns.
    func close(release: String) throws {
        try AtomicFile.write(
            Array("\(release) \(DataDirectory.closedMark)\n".utf8), to: directory.file(DataDirectory.guardName), mode: 0o600)
    }

    /// `release` is the content of `PG_VERSION`.
    func lower(release: String, ownedLike owner: FileStatus) throws {
        try AtomicFile.write(Array("\(release)\n".utf8), to: directory.file("PG_VERSION"), mode: 0o600)
        let folder = try Descriptor.openDirectory(directory.path)
        try folder.setOwner(of: Self.version, uid: owner.uid, gid: owner.gid)
        try folder.remove(Self.standIn)
        try folder.sync()
    }
}
