import Glibc
import HostIO
package import Model
import Synchronization

extension DirectoryStorage {
    /// Sub directories are listed by several threads at once, since on a network mount each costs a round trip.
    package func list(_ folder: String) throws(StorageError) -> [ObjectEntry] {
        guard let name = ObjectName(folder) else { return [] }
        let place = ObjectPlace(name)
        do throws(StorageError) {
            return try doing(folder) { root throws(SystemError) in
                try checkedConfig(root)
                let top = try Folders.open(place.folder + [place.file], below: root)
                return try FolderListing(top, named: folder).all()
            }
        } catch {
            if error.kind == .notFound { return [] }
            throw error
        }
    }

    package func holdsFolder(_ folder: String) throws(StorageError) -> Bool? {
        guard let name = ObjectName(folder) else { return false }
        let place = ObjectPlace(name)
        do throws(StorageError) {
            return try doing(folder) { root throws(SystemError) in
                _ = try Folders.open(place.folder + [place.file], below: root)
                return true
            }
        } catch {
            if error.kind == .notFound { return false }
            throw error
        }
    }

    /// Remembers that there is a `config`, so that its loss can be told from an empty storage.
    private func checkedConfig(_ root: SharedDescriptor) throws(SystemError) { _ = try modes(root) }

    /// Removes what interrupted writes left, when it was last written more than `age` before `now`; how many files.
    package func removeLeftovers(olderThan age: Duration, now: Timestamp) throws(StorageError) -> Int {
        try doing("") { root throws(SystemError) in
            try removeLeftovers(in: root, olderThan: age, now: now, depth: 0)
        }
    }

    private func removeLeftovers(
        in folder: SharedDescriptor, olderThan age: Duration, now: Timestamp, depth: Int
    ) throws(SystemError) -> Int {
        var removed = 0
        for entry in try folder.descriptor.reopenDirectory().entries() {
            guard let status = try folder.descriptor.statusIfPresent(of: entry.name) else { continue }
            if status.kind == .directory, depth < FolderListing.deepest {
                let below = SharedDescriptor(try folder.descriptor.openDirectory(entry.name))
                removed += try removeLeftovers(in: below, olderThan: age, now: now, depth: depth + 1)
            } else if status.kind == .file, ObjectPlace.isTemporary(entry.name),
                now.secondsSince(status.modified) > Double(age.components.seconds)
            {
                do throws(SystemError) { try folder.descriptor.remove(entry.name) } catch { if !error.isNotFound { throw error } }
                removed += 1
            }
        }
        return removed
    }
}

/// The objects below one open directory.
private struct FolderListing: ~Copyable {
    private struct Pending: Sendable {
        let folder: SharedDescriptor
        let name: String
    }

    private static let threads = 8
    /// Directories below each other; a repository has two.
    static let deepest = 8
    private let top: Pending

    init(_ folder: SharedDescriptor, named name: String) { top = Pending(folder: folder, name: name) }

    func all() throws(SystemError) -> [ObjectEntry] {
        var found: [ObjectEntry] = []
        let below = try Self.scan(top, into: &found)
        if below.count < 2 * Self.threads {
            for name in below { try Self.walk(name, below: top, depth: 1, into: &found) }
            return found
        }
        return try found + parallel(below)
    }

    private func parallel(_ names: [[UInt8]]) throws(SystemError) -> [ObjectEntry] {
        let next = Atomic<Int>(0)
        let found = Mutex<[ObjectEntry]>([])
        let top = top
        do {
            try runWorkers(Self.threads, named: "list") { _ in
                var mine: [ObjectEntry] = []
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < names.count else { break }
                    try Self.walk(names[index], below: top, depth: 1, into: &mine)
                }
                found.withLock { $0 += mine }
            }
        } catch {
            throw (error as? SystemError) ?? SystemError(EIO, "list", top.name)
        }
        return found.withLock { $0 }
    }

    private static func walk(
        _ name: [UInt8], below parent: Pending, depth: Int, into found: inout [ObjectEntry]
    ) throws(SystemError) {
        guard depth <= deepest else { return }
        let pending: Pending
        do throws(SystemError) {
            let folder = SharedDescriptor(try parent.folder.descriptor.openDirectory(name))
            pending = Pending(folder: folder, name: "\(parent.name)/\(FileName.text(name))")
        } catch {
            // Removed since it was listed.
            if error.isNotFound { return }
            throw error
        }
        for below in try scan(pending, into: &found) { try walk(below, below: pending, depth: depth + 1, into: &found) }
    }

    /// Adds the objects of one directory and gives the names of the directories in it. What is neither is an object without bytes that cannot be read, so that
    /// whoever reads it says so; a symbolic link is an error, because it may stand for a directory of objects.
    private static func scan(_ pending: Pending, into found: inout [ObjectEntry]) throws(SystemError) -> [[UInt8]] {
        var below: [[UInt8]] = []
        for entry in try pending.folder.descriptor.entries() {
            if entry.kind == .directory {
                below.append(entry.name)
                continue
            }
            guard !ObjectPlace.isTemporary(entry.name), let name = ObjectName("\(pending.name)/\(FileName.text(entry.name))"),
                let status = try pending.folder.descriptor.statusIfPresent(of: entry.name)
            else { continue }
            switch status.kind {
            case .file: found.append(ObjectEntry(name: name, size: UInt64(clamping: status.size)))
            case .directory: below.append(entry.name)
            case .symlink: throw SystemError(ELOOP, "list", name.text)
            default: found.append(ObjectEntry(name: name, size: 0))
            }
        }
        return below
    }
}
