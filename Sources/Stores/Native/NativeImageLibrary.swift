package import Archiving
import CHost
import Glibc
package import HostIO
import Model

/// A native image that is there.
package struct NativeImage: Sendable {
    package let id: String
    package let path: String
    package let method: NativeMethod
    /// Inodes and times of change of a subvolume snapshot are those of the store; a clone's are its own, and those of the store are noted beside it.
    private let identity: FileIdentity
    /// Of a clone that was made just now: SQLite databases that were in use, below the root.
    package let openDatabases: [EntryIssue]
    /// Of such a clone: inode flags that it does not have; nil where there were none.
    package let flagged: EntryIssue?
    private let origins: OriginsReading?

    fileprivate init(
        id: String, path: String, method: NativeMethod, in folder: SharedDescriptor, openDatabases: [EntryIssue] = [],
        flagged: EntryIssue? = nil
    ) {
        self.id = id
        self.flagged = flagged
        self.openDatabases = openDatabases
        self.path = path
        self.method = method
        origins = OriginsReading(id, in: folder)
        identity =
            switch method {
            case .subvolume: .frozen(origins?.began)
            case .clone: .copied(origins ?? NoOrigins())
            }
    }

    /// Throws `damaged` when files of a clone are gone, or were written to since it was made, as by a tidy-up job or fsck: then it is not what was kept, and
    /// nobody may take it for its store. A snapshot of a subvolume is read-only.
    package func checkIsWhole(_ store: String) throws {
        guard method == .clone, let origins, let loss = try origins.loss(in: path) else { return }
        throw Failure(
            .damaged, "store \(store): the native image \(id) is not what was kept: \(loss)",
            hint: "restore from another snapshot or from a backup; find out who changes files in \(Path.parent(path))")
    }

    package func source(excluding excluded: Set<[UInt8]>) -> LocalDirectory {
        LocalDirectory(path: path, options: .init(identity: identity, excludedAtRoot: excluded))
    }
}

/// Of a clone that was made before there were notes, or whose note is gone.
private struct NoOrigins: CopiedIdentities {
    func originals(inDirectory inode: UInt64) -> [CopiedEntry: OriginalEntry] { [:] }
}

/// The native images of one store: each an entry of a folder of the store's own, mode 0700.
package struct NativeImageLibrary: Sendable {
    package let path: String

    /// Appended to the name of an image until it is whole.
    private static let partial = ".partial"

    package init(folder: String) { path = folder }
    package init(of image: NativeImage) { path = Path.parent(image.path) }

    /// The library, or the directory above it that is there.
    package func nearestFolder() throws -> String {
        var place = path
        while place != "/", try statusOfPath(place) == nil { place = Path.parent(place) }
        return place
    }

    /// What an interrupted capture left is among them.
    package func images() throws -> [String] {
        guard try statusOfPath(path) != nil else { return [] }
        let names = try Descriptor.openDirectory(path).entries().map { FileName.text($0.name) }
        return Set(names.map { $0.hasSuffix(ImageOrigins.suffix) ? String($0.dropLast(ImageOrigins.suffix.count)) : $0 }).sorted()
    }

    package func image(_ id: String) throws -> NativeImage? {
        guard !id.hasSuffix(Self.partial), FileName.isSound(Array(id.utf8)), try statusOfPath(path) != nil else { return nil }
        let folder = SharedDescriptor(try Descriptor.openDirectory(path))
        guard let status = try folder.descriptor.statusIfPresent(of: Array(id.utf8)), status.kind == .directory else { return nil }
        return NativeImage(id: id, path: Path.join(path, id), method: try isSubvolume(id, in: folder) ? .subvolume : .clone, in: folder)
    }

    /// One that is not there is not an error. A subvolume's space is freed by the kernel in the background.
    package func remove(_ id: String) throws {
        guard FileName.isSound(Array(id.utf8)), try statusOfPath(path) != nil else { return }
        let folder = SharedDescriptor(try Descriptor.openDirectory(path))
        if try folder.descriptor.statusIfPresent(of: Array(id.utf8)) != nil {
            if try isSubvolume(id, in: folder), holdfast_btrfs_remove(folder.descriptor.raw, id) != 0 {
                throw SystemError(errno, "remove the subvolume", Path.join(path, id))
            }
            try removeTree(Array(id.utf8), in: folder.descriptor)
        }
        try removeTree(ImageOrigins.name(of: id), in: folder.descriptor)
        try folder.descriptor.sync()
    }

    private func isSubvolume(_ id: String, in folder: SharedDescriptor) throws -> Bool {
        guard try folder.descriptor.status(of: Array(id.utf8)).kind == .directory else { return false }
        return try folder.descriptor.openDirectory(Array(id.utf8)).isSubvolume()
    }

    /// A read-only snapshot of the subvolume `root`.
    package func snapshot(_ root: SharedDescriptor, as id: String, clock: any WallClock) throws -> NativeImage {
        let folder = try openFolder()
        _ = try OriginsWriting(id, in: folder, began: clock.now())
        guard holdfast_btrfs_snapshot(folder.descriptor.raw, root.descriptor.raw, id, 1) == 0 else {
            let error = SystemError(errno, "make the subvolume snapshot", Path.join(path, id))
            try? removeTree(ImageOrigins.name(of: id), in: folder.descriptor)
            throw error
        }
        return NativeImage(id: id, path: Path.join(path, id), method: .subvolume, in: folder)
    }

    /// A clone of the tree `root`, which gets its name only when it is whole. Of the directories `leavingEmpty` in the root there are only the
    /// directories themselves. Nil when the time ran out.
    package func clone(
        _ root: SharedDescriptor, as id: String, leavingEmpty: Set<[UInt8]> = [], host: Host, until isLate: @escaping @Sendable () -> Bool
    ) throws -> NativeImage? {
        let folder = try openFolder()
        let partial = Array((id + Self.partial).utf8)
        var databases: [EntryIssue] = []
        var flagged: EntryIssue?
        do {
            try folder.descriptor.makeSharedDirectory(partial)
            let place = SharedDescriptor(try folder.descriptor.openDirectory(partial))
            let origins = try OriginsWriting(id, in: folder, began: host.clock.now())
            let clone = ReflinkClone(
                from: root, to: place, noting: origins, clock: host.clock, leavingEmpty: leavingEmpty, until: isLate)
            guard try clone.run(threads: host.processors) else {
                try removeTree(partial, in: folder.descriptor)
                try removeTree(ImageOrigins.name(of: id), in: folder.descriptor)
                return nil
            }
            databases = clone.openDatabases
            flagged = clone.flags.issue
            try folder.descriptor.renameWithoutReplacing(partial, to: Array(id.utf8), in: folder.descriptor)
        } catch {
            try? removeTree(partial, in: folder.descriptor)
            try? removeTree(ImageOrigins.name(of: id), in: folder.descriptor)
            throw error
        }
        return NativeImage(id: id, path: Path.join(path, id), method: .clone, in: folder, openDatabases: databases, flagged: flagged)
    }

    private func openFolder() throws -> SharedDescriptor {
        try makeDirectories(path)
        return SharedDescriptor(try Descriptor.openDirectory(path))
    }

}

extension SharedDescriptor {
    /// Everything written to the file system that this lies on is durable when it returns (syncfs(2)).
    package func syncFileSystem() throws {
        guard holdfast_syncfs(descriptor.raw) == 0 else { throw SystemError(errno, "sync", descriptor.path) }
    }
}
