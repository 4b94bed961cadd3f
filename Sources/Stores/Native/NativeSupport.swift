import CHost
import Glibc
package import HostIO

/// How native images of a directory can be made.
package enum NativeMethod: String, Sendable {
    /// Milliseconds, one instant, whatever the size.
    case subvolume = "btrfs snapshot"
    /// Shares the blocks of the files, but visits each, one after the other: about a second for 20,000 files.
    case clone = "reflink clone"
}

/// Whether native images are possible, and if not why.
package struct NativeSupport: Sendable {
    package let method: NativeMethod?
    package let reason: String

    package init(method: NativeMethod?, reason: String) {
        self.method = method
        self.reason = reason
    }

    /// Changes nothing: what has to be tried is tried with unnamed files.
    package static func find(for root: SharedDescriptor, library: NativeImageLibrary?) throws -> NativeSupport {
        guard let library else { return NativeSupport(method: nil, reason: "the cluster's storage is not a local directory") }
        let place = SharedDescriptor(try Descriptor.openDirectory(library.nearestFolder()))
        let kind = try root.descriptor.fileSystemKind()
        guard kind.mayReflink else {
            return NativeSupport(method: nil, reason: "\(kind.rawValue) has neither subvolume snapshots nor reflinks; files are archived")
        }
        if let mount = try MountPoints(inside: root.descriptor).first {
            return NativeSupport(method: nil, reason: "another file system is mounted at \(mount); files are archived")
        }
        if kind == .btrfs, try isSnapshotPossible(root, place) {
            return NativeSupport(method: .subvolume, reason: "a btrfs subvolume, and the storage is on the same file system")
        }
        if try isClonePossible(root, place) {
            return NativeSupport(
                method: .clone,
                reason: "\(kind.rawValue) with reflinks, and the storage is on the same file system" + (try nested(in: root)))
        }
        return NativeSupport(
            method: nil,
            reason: "the storage is on another file system than the store, or theirs (\(kind.rawValue)) has no reflinks; files are archived"
        )
    }

    /// Why the root of a subvolume is cloned all the same.
    private static func nested(in root: SharedDescriptor) throws -> String {
        guard try root.descriptor.isSubvolume(), holdfast_btrfs_children(root.descriptor.raw) > 0 else { return "" }
        let names = root.descriptor.subvolumesInside()
        let some = names.isEmpty ? "" : " (\(names.prefix(3).joined(separator: ", "))\(names.count > 3 ? " …" : ""))"
        return "; no subvolume snapshot, because it would leave out the subvolumes inside the store\(some)"
    }

    /// A snapshot leaves out subvolumes that lie below, so there must be none.
    private static func isSnapshotPossible(_ root: SharedDescriptor, _ place: SharedDescriptor) throws -> Bool {
        guard try root.descriptor.isSubvolume(), try place.descriptor.fileSystemKind() == .btrfs else { return false }
        return try btrfsID(root) == btrfsID(place) && holdfast_btrfs_children(root.descriptor.raw) == 0
    }

    private static func btrfsID(_ folder: SharedDescriptor) throws -> [UInt8] {
        var id = [UInt8](repeating: 0, count: 16)
        guard holdfast_btrfs_id(folder.descriptor.raw, &id) == 0 else {
            throw SystemError(errno, "examine the file system of", folder.descriptor.path)
        }
        return id
    }

    /// Clones any file of the store into an unnamed file; an empty store is judged by its device.
    private static func isClonePossible(_ root: SharedDescriptor, _ place: SharedDescriptor) throws -> Bool {
        let opened = holdfast_openat(place.descriptor.raw, ".", O_RDWR | holdfast_o_tmpfile, 0o600)
        guard opened >= 0 else { return false }
        let trial = Descriptor(owning: opened, path: place.descriptor.path)
        if let file = try anyFile(in: root, depth: 8) { return holdfast_reflink(trial.raw, file.descriptor.raw) == 0 }
        guard try root.descriptor.status().device == place.descriptor.status().device else { return false }
        let other = holdfast_openat(place.descriptor.raw, ".", O_RDWR | holdfast_o_tmpfile, 0o600)
        guard other >= 0 else { return false }
        let source = Descriptor(owning: other, path: place.descriptor.path)
        return holdfast_reflink(trial.raw, source.raw) == 0
    }

    private static func anyFile(in folder: SharedDescriptor, depth: Int) throws -> SharedDescriptor? {
        guard depth > 0 else { return nil }
        let entries = try folder.descriptor.entries()
        for entry in entries where entry.kind == .file {
            if let file = try? SharedDescriptor(folder.descriptor.open(entry.name, [.read, .nonBlocking])) { return file }
        }
        for entry in entries where entry.kind == .directory {
            guard let below = try? SharedDescriptor(folder.descriptor.openDirectory(entry.name)) else { continue }
            if let found = try anyFile(in: below, depth: depth - 1) { return found }
        }
        return nil
    }
}
