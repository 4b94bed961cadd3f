import CHost
import Glibc
import HostIO
import ResticFormat

/// Listing of a local directory: one statx(2) and one llistxattr(2) an entry.
extension LocalSourceDirectory {
    /// In the byte order of their names.
    func entries(_ issues: IssueCollector) throws -> [Node] {
        var nodes: [Node] = []
        try forEachEntry(issues, expecting: { nodes.reserveCapacity($0) }) { nodes.append($0) }
        return nodes
    }

    /// Gives the entries one after the other, in the byte order of their names: a directory may have a million. An error of `body` is thrown as it is.
    func forEachEntry(
        _ issues: IssueCollector, expecting: (Int) -> Void = { _ in }, _ body: (Node) throws -> Void
    ) throws {
        if isHollow { return }
        var problem: (any Error)?
        try source.concerningEntry { () throws(SystemError) in
            let open = try handle.open()
            // A second description: its position is ours alone.
            let listing = try open.descriptor.reopenDirectory()
            var names = try listing.entries().map(\.name)
            if handle.parent == nil, !source.options.excludedAtRoot.isEmpty {
                names.removeAll { source.options.excludedAtRoot.contains($0) }
            }
            if !source.options.showsLeftOvers { names.removeAll(where: TemporaryName.isOne) }
            names.sort(by: Tree.areInOrder)
            tellDatabases(among: names, in: listing, issues)
            let place = EntryPlace(listing.raw)
            let crossing = MountCrossing(device: handle.device, mount: holdfast_mount_id(listing.raw, ""))
            expecting(names.count)
            for name in names {
                guard let node = try node(name, place, listing, crossing, issues) else { continue }
                do { try body(node) } catch {
                    problem = error
                    return
                }
            }
        }
        if let problem { throw problem }
    }

    /// nil, and told to `issues`, when it has vanished or cannot be examined.
    private func node(
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
    private func tellDatabases(among names: [[UInt8]], in folder: borrowing Descriptor, _ issues: IssueCollector) {
        guard case .live = source.options.identity else { return }
        for name in OpenDatabases.inUse(among: names, in: folder) {
            issues.add(EntryIssue(kind: .inUse, path: handle.path(of: name), detail: OpenDatabases.detail))
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
