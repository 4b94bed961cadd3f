import Glibc
import HostIO
import Synchronization

/// A copy of a directory tree whose files share their blocks with the originals (ioctl_ficlone(2)), with owners, modes, times, extended
/// attributes and hard links.
///
/// Each file is cloned at one instant, the files one after the other. Symlinks are copied, never followed, also when they take a
/// directory's place meanwhile. What vanishes meanwhile is left out.
final class ReflinkClone: Sendable {
    private let source: SharedDescriptor
    private let target: SharedDescriptor
    /// Directories of the root whose entries are left out.
    private let leftEmpty: Set<[UInt8]>
    private let isLate: @Sendable () -> Bool
    private let work = Monitor(Work())
    private let links = Mutex(Links())

    private struct Work {
        /// Paths below the root.
        var pending: [[UInt8]] = [[]]
        var done: [[UInt8]] = []
        var active = 0
        var ended = false
    }

    private struct Links {
        struct Key: Hashable {
            var device: UInt64
            var inode: UInt64
        }

        /// Where a file of several links was met first.
        var first: [Key: [UInt8]] = [:]
        /// Further links, made at the end.
        var more: [(path: [UInt8], to: [UInt8])] = []
    }

    init(
        from source: SharedDescriptor, to target: SharedDescriptor, leavingEmpty: Set<[UInt8]> = [],
        until isLate: @escaping @Sendable () -> Bool
    ) {
        self.source = source
        self.target = target
        leftEmpty = leavingEmpty
        self.isLate = isLate
    }

    /// False when the time ran out.
    func run(threads: Int) throws -> Bool {
        try runWorkers(threads, named: "clone", onFailure: { [work] _ in work.change { $0.ended = true } }) { _ in
            while let path = next() {
                try cloneFolder(path)
                work.change { $0.active -= 1 }
            }
        }
        guard work.read({ $0.pending.isEmpty && !$0.ended }) else { return false }
        for link in links.withLock({ $0.more }) { try makeLink(link.path, to: link.to) }
        // Deepest last is not needed: setting a directory's times does not change its parent's.
        for path in work.read({ $0.done }) { try EntryMetadata.copy(from: open(path, below: source), to: open(path, below: target)) }
        return true
    }

    private func next() -> [UInt8]? {
        work.wait { work -> [UInt8]?? in
            if self.isLate() { work.ended = true }
            if work.ended || (work.pending.isEmpty && work.active == 0) { return .some(nil) }
            guard let path = work.pending.popLast() else { return nil }
            work.active += 1
            return .some(path)
        }
    }

    /// Component by component, each not followed when it is a symlink.
    private func open(_ path: [UInt8], below root: SharedDescriptor) throws -> SharedDescriptor {
        var folder = SharedDescriptor(try root.descriptor.reopenDirectory())
        for name in path.split(separator: UInt8(ascii: "/")) { folder = SharedDescriptor(try folder.descriptor.openDirectory(Array(name))) }
        return folder
    }

    private func cloneFolder(_ path: [UInt8]) throws {
        let from: SharedDescriptor
        do { from = try open(path, below: source) } catch let error as SystemError where error.isNotFound && !path.isEmpty { return }
        let to = try open(path, below: target)
        var folders: [[UInt8]] = []
        for entry in leftEmpty.contains(path) ? [] : try from.descriptor.entries() {
            if isLate() { return work.change { $0.ended = true } }
            do {
                if try cloneEntry(entry, at: path, from, to) { folders.append(Self.join(path, entry.name)) }
            } catch let error as SystemError where error.errno == ENOENT {
                try removeTree(entry.name, in: to.descriptor)
            }
        }
        let found = folders
        work.change { work in
            work.pending += found
            work.done.append(path)
        }
    }

    /// True for a directory, which is made empty.
    private func cloneEntry(_ entry: DirectoryEntry, at path: [UInt8], _ from: SharedDescriptor, _ to: SharedDescriptor) throws -> Bool {
        let status = try from.descriptor.status(of: entry.name)
        if status.kind == .directory {
            try to.descriptor.makeDirectory(entry.name)
            return true
        }
        if status.links > 1, !isFirst(status, Self.join(path, entry.name)) { return false }
        switch status.kind {
        case .file: try cloneFile(entry.name, from, to)
        case .symlink:
            try to.descriptor.makeSymlink(entry.name, to: try from.descriptor.readSymlink(entry.name))
            try EntryMetadata.copy(status, of: entry.name, from: from, to: to)
        default:
            try to.descriptor.makeNode(entry.name, mode: status.mode, device: status.representedDevice)
            try EntryMetadata.copy(status, of: entry.name, from: from, to: to)
        }
        return false
    }

    private func isFirst(_ status: FileStatus, _ path: [UInt8]) -> Bool {
        links.withLock { links in
            let key = Links.Key(device: status.device, inode: status.inode)
            if let first = links.first[key] {
                links.more.append((path, first))
                return false
            }
            links.first[key] = path
            return true
        }
    }

    private func makeLink(_ path: [UInt8], to first: [UInt8]) throws {
        let (folder, name) = Self.split(path)
        let (other, otherName) = Self.split(first)
        let there = try open(other, below: target)
        // The first may have vanished before it was cloned.
        guard try there.descriptor.statusIfPresent(of: otherName) != nil else { return }
        try there.descriptor.link(otherName, to: name, in: open(folder, below: target).descriptor)
    }

    private func cloneFile(_ name: [UInt8], _ from: SharedDescriptor, _ to: SharedDescriptor) throws {
        let original = SharedDescriptor(try from.descriptor.open(name, [.read, .nonBlocking]))
        let clone = SharedDescriptor(try to.descriptor.open(name, [.write, .createNew]))
        if try original.descriptor.status().size > 0 {
            do { try clone.descriptor.reflink(from: original.descriptor) } catch  where error.isUnsupported {
                try copy(original, to: clone)
            }
        }
        try EntryMetadata.copy(from: original, to: clone)
    }

    /// For the few files that cannot share blocks (on btrfs: written without checksums).
    private func copy(_ original: SharedDescriptor, to clone: SharedDescriptor) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while !isLate() {
            let count = try original.descriptor.read(into: buffer)
            if count == 0 { return }
            try clone.descriptor.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private static func join(_ path: [UInt8], _ name: [UInt8]) -> [UInt8] { path.isEmpty ? name : path + [UInt8(ascii: "/")] + name }

    private static func split(_ path: [UInt8]) -> (folder: [UInt8], name: [UInt8]) {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return ([], path) }
        return (Array(path[..<slash]), Array(path[(slash + 1)...]))
    }
}

/// Owner, attributes, mode and times, in the order in which none undoes another.
private enum EntryMetadata {
    static func copy(from original: SharedDescriptor, to copy: SharedDescriptor) throws {
        let status = try original.descriptor.status()
        let present = try copy.descriptor.status()
        if present.uid != status.uid || present.gid != status.gid { try copy.descriptor.setOwner(uid: status.uid, gid: status.gid) }
        for name in try original.descriptor.attributeNames() {
            if let value = try original.descriptor.attribute(name) { try copy.descriptor.setAttribute(name, value) }
        }
        try copy.descriptor.setMode(status.permissions)
        try copy.descriptor.setTimes(accessed: status.accessed, modified: status.modified)
    }

    /// For what cannot be opened: symlinks, devices, fifos, sockets.
    static func copy(_ status: FileStatus, of name: [UInt8], from: SharedDescriptor, to: SharedDescriptor) throws {
        let present = try to.descriptor.status(of: name)
        if present.uid != status.uid || present.gid != status.gid {
            try to.descriptor.setOwner(of: name, uid: status.uid, gid: status.gid)
        }
        for attribute in try from.descriptor.attributeNames(of: name) {
            if let value = try from.descriptor.attribute(attribute, of: name) { try to.descriptor.setAttribute(attribute, value, of: name) }
        }
        if status.kind != .symlink { try to.descriptor.setMode(of: name, status.permissions) }
        try to.descriptor.setTimes(of: name, accessed: status.accessed, modified: status.modified)
    }
}
