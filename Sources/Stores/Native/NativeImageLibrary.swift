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

    /// Inodes and change times of a subvolume snapshot are those of the store; a clone's are its own.
    package func source(excluding excluded: Set<[UInt8]>) -> LocalDirectory {
        LocalDirectory(path: path, options: .init(keepsIdentity: method == .subvolume, excludedAtRoot: excluded))
    }
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
        return try Descriptor.openDirectory(path).entries().map { FileName.text($0.name) }.sorted()
    }

    package func image(_ id: String) throws -> NativeImage? {
        guard !id.hasSuffix(Self.partial), FileName.isSound(Array(id.utf8)), try statusOfPath(path) != nil else { return nil }
        let folder = try Descriptor.openDirectory(path)
        guard let status = try folder.statusIfPresent(of: Array(id.utf8)), status.kind == .directory else { return nil }
        let isSubvolume = try folder.openDirectory(Array(id.utf8)).isSubvolume()
        return NativeImage(id: id, path: Path.join(path, id), method: isSubvolume ? .subvolume : .clone)
    }

    /// One that is not there is not an error. A subvolume's space is freed by the kernel in the background.
    package func remove(_ id: String) throws {
        guard FileName.isSound(Array(id.utf8)), try statusOfPath(path) != nil else { return }
        let folder = SharedDescriptor(try Descriptor.openDirectory(path))
        guard try folder.descriptor.statusIfPresent(of: Array(id.utf8)) != nil else { return }
        if try isSubvolume(id, in: folder), holdfast_btrfs_remove(folder.descriptor.raw, id) != 0 {
            throw SystemError(errno, "remove the subvolume", Path.join(path, id))
        }
        try removeTree(Array(id.utf8), in: folder.descriptor)
        try folder.descriptor.sync()
    }

    private func isSubvolume(_ id: String, in folder: SharedDescriptor) throws -> Bool {
        guard try folder.descriptor.status(of: Array(id.utf8)).kind == .directory else { return false }
        return try folder.descriptor.openDirectory(Array(id.utf8)).isSubvolume()
    }

    /// A read-only snapshot of the subvolume `root`.
    package func snapshot(_ root: SharedDescriptor, as id: String) throws -> NativeImage {
        let folder = try openFolder()
        guard holdfast_btrfs_snapshot(folder.descriptor.raw, root.descriptor.raw, id, 1) == 0 else {
            throw SystemError(errno, "make the subvolume snapshot", Path.join(path, id))
        }
        return NativeImage(id: id, path: Path.join(path, id), method: .subvolume)
    }

    /// A clone of the tree `root`, which gets its name only when it is whole. Of the directories `leavingEmpty` in the root there are only the
    /// directories themselves. Nil when the time ran out.
    package func clone(
        _ root: SharedDescriptor, as id: String, leavingEmpty: Set<[UInt8]> = [], threads: Int, until isLate: @escaping @Sendable () -> Bool
    ) throws -> NativeImage? {
        let folder = try openFolder()
        let partial = Array((id + Self.partial).utf8)
        do {
            try folder.descriptor.makeDirectory(partial)
            let place = SharedDescriptor(try folder.descriptor.openDirectory(partial))
            let clone = ReflinkClone(from: root, to: place, leavingEmpty: leavingEmpty, until: isLate)
            guard try clone.run(threads: threads) else {
                try removeTree(partial, in: folder.descriptor)
                return nil
            }
            try folder.descriptor.renameWithoutReplacing(partial, to: Array(id.utf8), in: folder.descriptor)
        } catch {
            try? removeTree(partial, in: folder.descriptor)
            throw error
        }
        return NativeImage(id: id, path: Path.join(path, id), method: .clone)
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
