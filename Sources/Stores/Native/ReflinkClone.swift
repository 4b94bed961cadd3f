import Archiving
import Glibc
import HostIO
import Model
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
    private let origins: OriginsWriting
    private let clock: any WallClock
    private let isLate: @Sendable () -> Bool
    private let work = Monitor(Work())
    private let links = Mutex(Links())
    private let open = Mutex<[EntryIssue]>([])
    /// Flags that the clone does not have.
    let flags = FlaggedEntries()

    private struct Work {
        /// Paths below the root.
        var pending: [[UInt8]] = [[]]
        var done: [[UInt8]] = []
        var active = 0
        var ended = false
    }

    fileprivate struct Links {
        struct Key: Hashable {
            var device: UInt64
            var inode: UInt64
        }

        struct First {
            var path: [UInt8]
            /// Nil until it is cloned.
            var original: OriginalEntry?
        }

        /// Where a file of several links was met first.
        var first: [Key: First] = [:]
        /// Further links, made at the end.
        var more: [(path: [UInt8], to: Key)] = []
    }

    init(
        from source: SharedDescriptor, to target: SharedDescriptor, noting origins: OriginsWriting, clock: any WallClock,
        leavingEmpty: Set<[UInt8]> = [], until isLate: @escaping @Sendable () -> Bool
    ) {
        self.source = source
        self.target = target
        self.origins = origins
        self.clock = clock
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
        try makeLinks()
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
        var found = Found()
        if let own = try? from.descriptor.inodeFlags() { flags.note(own) { FileName.text(path) } }
        let entries = leftEmpty.contains(path) ? [] : try from.descriptor.entries()
        noteDatabases(among: entries, at: path, in: from)
        for entry in entries {
            if isLate() { return work.change { $0.ended = true } }
            try add(entry, at: path, from, to, &found)
        }
        let inode = try to.descriptor.status().inode
        try origins.add(found.records, inDirectory: inode)
        finish(path, found.folders)
    }

    private func finish(_ path: [UInt8], _ folders: [[UInt8]]) {
        work.change { work in
            work.pending += folders
            work.done.append(path)
        }
    }

    /// Their files are cloned one after the other.
    private func noteDatabases(among entries: [DirectoryEntry], at path: [UInt8], in folder: SharedDescriptor) {
        let found = OpenDatabases.inUse(among: entries.map(\.name), in: folder.descriptor).map {
            EntryIssue(kind: .inUse, path: FileName.text(Self.join(path, $0.name)), detail: $0.detail)
        }
        if !found.isEmpty { open.withLock { $0 += found } }
    }

    /// Databases that were in use when their directory was listed.
    var openDatabases: [EntryIssue] { open.withLock { $0 }.sorted { $0.path < $1.path } }

    private struct Found {
        /// Paths of directories, which are empty yet.
        var folders: [[UInt8]] = []
        var records: [ImageOrigins.Record] = []
    }

    /// What vanishes meanwhile is left out.
    private func add(
        _ entry: DirectoryEntry, at path: [UInt8], _ from: SharedDescriptor, _ to: SharedDescriptor, _ found: inout Found
    ) throws {
        do {
            switch try cloneEntry(entry, at: path, from, to) {
            case .directory: found.folders.append(Self.join(path, entry.name))
            case .entry(let record): found.records.append(record)
            case .link: break
            }
        } catch let error as SystemError where error.errno == ENOENT {
            try removeTree(entry.name, in: to.descriptor)
        }
    }

    private enum Cloned {
        /// It is empty yet.
        case directory
        case entry(ImageOrigins.Record)
        /// What has several links is noted when all of them are made, which is a change of the clone.
        case link
    }

    private func cloneEntry(_ entry: DirectoryEntry, at path: [UInt8], _ from: SharedDescriptor, _ to: SharedDescriptor) throws -> Cloned {
        let look = clock.now()
        let status = try from.descriptor.status(of: entry.name)
        if status.kind == .directory {
            try to.descriptor.makeDirectory(entry.name)
            return .directory
        }
        if status.links > 1, !isFirst(status, Self.join(path, entry.name)) { return .link }
        let original = try cloneEntry(entry.name, at: path, status, at: look, from, to)
        if status.links > 1 {
            links.withLock { $0.first[Links.Key(status)]?.original = original }
            return .link
        }
        return .entry(ImageOrigins.Record(copy: CopiedEntry(try to.descriptor.status(of: entry.name)), original: original))
    }

    private func cloneEntry(
        _ name: [UInt8], at path: [UInt8], _ status: FileStatus, at look: Timestamp, _ from: SharedDescriptor, _ to: SharedDescriptor
    ) throws -> OriginalEntry {
        switch status.kind {
        case .file: return try cloneFile(name, at: look, from, to) { FileName.text(Self.join(path, name)) }
        case .symlink:
            try to.descriptor.makeSymlink(name, to: try from.descriptor.readSymlink(name))
        default:
            try to.descriptor.makeNode(name, mode: status.mode, device: status.representedDevice)
        }
        try EntryMetadata.copy(status, of: name, from: from, to: to)
        return OriginalEntry(status, at: look)
    }

    private func isFirst(_ status: FileStatus, _ path: [UInt8]) -> Bool {
        links.withLock { links in
            let key = Links.Key(status)
            if links.first[key] != nil {
                links.more.append((path, key))
                return false
            }
            links.first[key] = Links.First(path: path)
            return true
        }
    }

    private func makeLinks() throws {
        let (first, more) = links.withLock { ($0.first, $0.more) }
        for link in more { if let path = first[link.to]?.path { try makeLink(link.path, to: path) } }
        for entry in first.values { try note(entry.original, at: entry.path) }
        for link in more { try note(first[link.to]?.original, at: link.path) }
    }

    /// One that vanished before it was cloned has no original.
    private func note(_ original: OriginalEntry?, at path: [UInt8]) throws {
        guard let original else { return }
        let (place, name) = Self.split(path)
        let folder = try open(place, below: target)
        guard let status = try folder.descriptor.statusIfPresent(of: name) else { return }
        try origins.add(
            [ImageOrigins.Record(copy: CopiedEntry(status), original: original)], inDirectory: try folder.descriptor.status().inode)
    }

    private func makeLink(_ path: [UInt8], to first: [UInt8]) throws {
        let (folder, name) = Self.split(path)
        let (other, otherName) = Self.split(first)
        let there = try open(other, below: target)
        // The first may have vanished before it was cloned.
        guard try there.descriptor.statusIfPresent(of: otherName) != nil else { return }
        try there.descriptor.link(otherName, to: name, in: open(folder, below: target).descriptor)
    }

    /// What it was known by, with a time of change only when nothing happened to it while it was cloned.
    private func cloneFile(
        _ name: [UInt8], at look: Timestamp, _ from: SharedDescriptor, _ to: SharedDescriptor, path: () -> String
    ) throws -> OriginalEntry {
        let original = SharedDescriptor(try from.descriptor.open(name, [.read, .nonBlocking]))
        if let own = try? original.descriptor.inodeFlags() { flags.note(own, path) }
        let before = try original.descriptor.status()
        let clone = SharedDescriptor(try to.descriptor.open(name, [.write, .createNew]))
        if before.size > 0 {
            do { try clone.descriptor.reflink(from: original.descriptor) } catch  where error.isUnsupported {
                try copy(original, to: clone)
            }
        }
        try EntryMetadata.copy(from: original, to: clone)
        let after = try original.descriptor.status()
        return OriginalEntry(before, at: look, isUnchanged: after.changed == before.changed)
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

extension ReflinkClone.Links.Key {
    fileprivate init(_ status: FileStatus) { self.init(device: status.device, inode: status.inode) }
}

extension CopiedEntry {
    fileprivate init(_ status: FileStatus) { self.init(inode: status.inode, changed: status.changed) }
}

extension OriginalEntry {
    fileprivate init(_ status: FileStatus, at look: Timestamp, isUnchanged: Bool = true) {
        let isSettled = isUnchanged && FileIdentity.isSettled(status.changed, at: look)
        self.init(inode: status.inode, device: status.device, changed: isSettled ? status.changed : nil)
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
