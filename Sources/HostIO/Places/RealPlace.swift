import CHost
import Glibc

/// Where a path leads, through symbolic links and mounts: the directories that it lies in, by device and inode, and where its file system has it.
///
/// Of a path at which nothing is yet, or that cannot be looked at, the nearest directory above stands for it, with the names below.
package struct RealPlace: Sendable {
    package struct Node: Hashable, Sendable {
        var device: UInt64
        var inode: UInt64
    }

    /// As it was asked for; absolute and normalised.
    package let path: String
    /// Without symbolic links.
    package let real: String
    /// What is there of it, then every directory above, up to the root of the system.
    let lineage: [Node]
    /// Names below the first of ``lineage``, outermost first; empty when the place exists.
    let missing: [String]
    /// Nil when the table of mounts does not say.
    let position: MountPosition?
    /// What is mounted below it.
    let mounted: [MountTable.Mount]

    private static let mostLinks = 40

    /// Costs a few system calls a component; reads nothing of what is there.
    package init(_ path: String, mounts: MountTable) {
        self.path = path
        let (base, missing) = Self.resolve(path)
        self.missing = missing
        real = missing.reduce(base, Path.join)
        let (lineage, mountID) = Self.climb(from: base)
        self.lineage = lineage
        let mount = mounts.mounts.last { $0.id == mountID } ?? mounts.mounts.last { Path.isInside(base, $0.place) && mountID == 0 }
        let real = real
        position = mount?.position(of: real)
        mounted = missing.isEmpty ? mounts.mounts.filter { $0.place != real && Path.isInside($0.place, real) } : []
    }

    /// The deepest part of the path that can be looked at, without symbolic links, and the names after it. A link that leads nowhere is followed: what it
    /// names is where a directory would be made.
    private static func resolve(_ path: String) -> (base: String, missing: [String]) {
        var wanted = path
        var links = 0
        var missing: [String] = []
        while wanted != "/" {
            if let found = realPath(wanted) { return (found, missing) }
            let (parent, name) = (Path.parent(wanted), Path.lastComponent(wanted))
            if links < mostLinks, let folder = realPath(parent), let target = link(Path.join(folder, name)) {
                links += 1
                wanted = target.hasPrefix("/") ? target : Path.join(folder, target)
                continue
            }
            missing.insert(name, at: 0)
            wanted = parent
        }
        return ("/", missing)
    }

    private static func realPath(_ path: String) -> String? {
        guard !path.utf8.contains(0), let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// Where a symbolic link leads; nil for anything else.
    private static func link(_ path: String) -> String? {
        let name = Array(Path.lastComponent(path).utf8)
        return (try? Descriptor.openDirectory(Path.parent(path)).readSymlink(name)).map(FileName.text)
    }

    /// Upwards by `..`, as many steps as the path has components: a directory that is bound into itself has its own device and inode again.
    private static func climb(from base: String) -> (lineage: [Node], mountID: Int64) {
        guard let start = try? Descriptor.open(base, .place), let status = try? start.status() else { return ([], 0) }
        let mountID = holdfast_mount_id(start.raw, "")
        var lineage = [Node(device: status.device, inode: status.inode)]
        guard base != "/", var folder = try? Descriptor.open(Path.parent(base), [.place, .directory]) else { return (lineage, mountID) }
        for step in 1...max(1, base.utf8.count { $0 == UInt8(ascii: "/") }) {
            if step > 1 {
                guard let above = try? folder.parent() else { break }
                folder = above
            }
            guard let status = try? folder.status() else { break }
            lineage.append(Node(device: status.device, inode: status.inode))
        }
        return (lineage, mountID)
    }
}

extension Descriptor {
    /// The directory above this one, as the kernel has it: of the root of a mount, that of the mount point.
    fileprivate borrowing func parent() throws(SystemError) -> Descriptor {
        let (raw, path) = (raw, path)
        return Descriptor(
            owning: try checked("open", path) { holdfast_openat(raw, "..", Access([.place, .directory]).rawValue, 0) }, path: path)
    }
}
