import CHost
import Glibc
import HostIO
import ResticFormat

/// Listing of a local directory: one statx(2) and one llistxattr(2) an entry.
extension LocalSourceDirectory {
    /// In the byte order of their names.
    func entries(_ issues: IssueCollector) throws -> [Node] {
        let listing = try LocalEntries(of: self, issues)
        var nodes: [Node] = []
        nodes.reserveCapacity(listing.expected)
        while let node = try listing.next(issues) {
            try issues.checkCancelled()
            nodes.append(node)
        }
        return nodes
    }

    /// Whether the directory has any, as ``entries(_:)`` would give them; none of them is looked at.
    func hasEntries() throws -> Bool {
        let names = try entryNames()
        return (0..<names.count).contains { !hides(names[$0]) }
    }

    fileprivate func entryNames() throws -> EntryNames {
        if isHollow { return EntryNames() }
        return try source.concerningEntry { () throws(SystemError) in
            // A second description: its position is ours alone.
            try handle.open().descriptor.reopenDirectory().entryNames()
        }
    }

    /// No part of the source.
    fileprivate func hides(_ name: [UInt8]) -> Bool {
        if handle.parent == nil, source.options.excludedAtRoot.contains(name) { return true }
        return !source.options.showsLeftOvers && TemporaryName.isOne(name)
    }

    /// nil, and told to `issues`, when it has vanished or cannot be examined.
    fileprivate func node(
        _ name: [UInt8], _ place: EntryPlace, _ folder: borrowing Descriptor, _ crossing: MountCrossing, _ issues: IssueCollector
    ) throws(SystemError) -> Node? {
        var (status, flags, mount) = (stat(), UInt64(0), Int64(0))
        place.point(at: name)
        guard holdfast_entry_status(folder.raw, place.name, &status, &flags, &mount) == 0 else {
            try note(SystemError(errno, "examine", "\(source.path)/\(handle.path(of: name))"), at: name, issues)
            return nil
        }
        var node = self.node(name, status)
        let isMounted = crossing.leads(toDevice: UInt64(status.st_dev), mount)
        noteObstacle(at: name, status, InodeFlags(locksIn: flags), isMount: isMounted && crossing.isMount(mount))
        if isMounted, let kind = MountCrossing.kernelFileSystem(name, in: folder, mount) {
            issues.add(hollow: EntryIssue(kind: .leftOut, path: handle.path(of: name), detail: MountCrossing.detail(kind)))
            guard node.type == .dir else { return nil }
            markHollow(name)
            node.becomeHollow()
            return node
        }
        source.flags.note(InodeFlags(locksIn: flags)) { self.handle.path(of: name) }
        if node.type == .symlink {
            do throws(SystemError) { node.linkTarget = try folder.readSymlink(name) } catch {
                try note(error, at: name, issues)
                return nil
            }
        }
        // Sockets of some file systems and everything on others have none; most files have none either.
        let size = holdfast_llistxattr(place.path, nil, 0)
        if size > 0 {
            do throws(SystemError) { node.extendedAttributes = try attributes(of: name, folder) } catch {
                issues.add(EntryIssue(kind: .metadata, path: handle.path(of: name), detail: "attributes: \(error.reason)"))
            }
        } else if size < 0, errno != EOPNOTSUPP, errno != ENOENT {
            issues.add(EntryIssue(kind: .metadata, path: handle.path(of: name), detail: "attributes: \(SystemError(errno, "", "").reason)"))
        }
        return node
    }

    private func noteObstacle(at name: [UInt8], _ status: stat, _ flags: InodeFlags, isMount: Bool) {
        guard source.options.showsLeftOvers else { return }
        if isMount {
            hold(name, .mount)
        } else if flags.contains(.immutable) {
            hold(name, .immutable)
        } else if flags.contains(.appendOnly) {
            hold(name, .appendOnly)
        } else if !source.swapFiles.isEmpty, source.swapFiles.contains(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)) {
            hold(name, .swapFile)
        }
    }

    /// Copied file by file while programs go on writing, a database is torn.
    fileprivate func tellDatabases(among names: EntryNames, in folder: borrowing Descriptor, _ issues: IssueCollector) {
        guard source.options.tellsDatabases, case .live = source.options.identity else { return }
        let beside = names.ending(in: OpenDatabases.endings)
        if beside.isEmpty { return }
        for found in OpenDatabases.inUse(among: beside, in: folder) where !hides(found.name) {
            issues.add(EntryIssue(kind: .inUse, path: handle.path(of: found.name), detail: found.detail))
        }
    }

    private func attributes(of name: [UInt8], _ folder: borrowing Descriptor) throws(SystemError) -> [ExtendedAttribute] {
        var attributes: [ExtendedAttribute] = []
        for attribute in try folder.attributeNames(of: name).sorted(by: Tree.areInOrder) {
            guard let value = try folder.attribute(attribute, of: name) else { continue }
            attributes.append(ExtendedAttribute(name: attribute, value: value))
        }
        return attributes
    }

    /// An entry's error becomes an issue; one of the whole place is thrown.
    private func note(_ error: SystemError, at name: [UInt8], _ issues: IssueCollector) throws(SystemError) {
        guard let problem = source.entryError(error) as? EntryError else { throw error }
        issues.add(EntryIssue(kind: problem.issueKind, path: handle.path(of: name), detail: problem.detail))
    }
}

/// The entries of a local directory one after the other, in the byte order of their names: a directory may have a million. The names are read at once,
/// and each entry is looked at when it is asked for.
final class LocalEntries: @unchecked Sendable {
    // Whoever has it gives it on as a whole: it is used by one thread at a time.
    private let directory: LocalSourceDirectory
    private let names: EntryNames
    private var position = 0
    private var looking: Looking?

    private struct Looking {
        let open: SharedDescriptor
        let place: EntryPlace
        let crossing: MountCrossing

        init(_ handle: DirectoryHandle) throws(SystemError) {
            open = try handle.open()
            place = EntryPlace(open.descriptor.raw)
            crossing = MountCrossing(device: handle.device, mount: holdfast_mount_id(open.descriptor.raw, ""))
        }
    }

    /// What is found out by the names alone is told to `issues`.
    init(of directory: LocalSourceDirectory, _ issues: IssueCollector) throws {
        self.directory = directory
        names = try directory.entryNames()
        guard names.count > 0 else { return }
        try directory.source.concerningEntry { () throws(SystemError) in
            let looking = try Looking(directory.handle)
            directory.tellDatabases(among: names, in: looking.open.descriptor, issues)
            self.looking = looking
        }
    }

    /// As many as this or fewer will come.
    var expected: Int { names.count }

    /// Nil at the end. One that has vanished or cannot be examined is told to `issues` and left out.
    func next(_ issues: IssueCollector) throws -> Node? {
        while position < names.count {
            let name = names[position]
            position += 1
            if directory.hides(name) { continue }
            let node = try directory.source.concerningEntry { () throws(SystemError) in
                let looking = try look()
                return try directory.node(name, looking.place, looking.open.descriptor, looking.crossing, issues)
            }
            if let node { return node }
        }
        looking = nil
        return nil
    }

    private func look() throws(SystemError) -> Looking {
        if let looking { return looking }
        let begun = try Looking(directory.handle)
        looking = begun
        return begun
    }

    /// Keeps no descriptor open until the next one is asked for.
    func pause() { looking = nil }
}

/// `/proc/self/fd/N/NAME` with a NUL: one buffer for the names of a whole directory, for calls by name and for calls by path.
///
/// The path leads to the entry of the open directory N, whatever that directory's own path has become.
final class EntryPlace {
    private let buffer: UnsafeMutablePointer<CChar>
    private let nameOffset: Int
    private static let longestName = 4096

    init(_ folder: Int32) {
        let prefix = Array("/proc/self/fd/\(folder)/".utf8CString.dropLast())
        nameOffset = prefix.count
        buffer = .allocate(capacity: prefix.count + Self.longestName + 1)
        for (index, character) in prefix.enumerated() { buffer[index] = character }
        buffer[nameOffset] = 0
    }

    deinit { buffer.deallocate() }

    var path: UnsafePointer<CChar> { UnsafePointer(buffer) }
    var name: UnsafePointer<CChar> { UnsafePointer(buffer + nameOffset) }

    /// A name that is too long for any file system is cut, and will not be found.
    func point(at name: [UInt8]) {
        let count = min(name.count, Self.longestName)
        name.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { memcpy(buffer + nameOffset, base, count) }
        }
        buffer[nameOffset + count] = 0
    }
}
