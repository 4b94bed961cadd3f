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

    package func strays(in folder: String) throws(StorageError) -> [String] {
        guard let name = ObjectName(folder) else { return [] }
        let place = ObjectPlace(name)
        do throws(StorageError) {
            return try doing(folder) { root throws(SystemError) in
                let top = try Folders.open(place.folder + [place.file], below: root)
                return try top.descriptor.entries().map(\.name).filter { EntryForm($0) == .foreign && !ObjectPlace.isTemporary($0) }
                    .map { FileName.text($0) }.sorted()
            }
        } catch {
            if error.kind == .notFound { return [] }
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
                guard let below = try openedForTidying(entry.name, in: folder) else { continue }
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

extension DirectoryStorage {
    /// Nil for one that others keep to themselves, as lost+found is.
    private func openedForTidying(_ name: [UInt8], in folder: SharedDescriptor) throws(SystemError) -> SharedDescriptor? {
        do throws(SystemError) { return SharedDescriptor(try folder.descriptor.openDirectory(name)) } catch {
            guard error.isNotFound || error.errno == EACCES || error.errno == EPERM else { throw error }
            return nil
        }
    }
}

/// The objects below one open directory.
private struct FolderListing: ~Copyable {
    private struct Pending: Sendable {
        let folder: SharedDescriptor
        let name: String

        func object(_ file: [UInt8]) -> ObjectName? { ObjectName("\(name)/\(FileName.text(file))") }
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

    /// Adds the objects of one directory and gives the names of the directories in it. What has the name of an object and is none is one without bytes that
    /// cannot be read, so that whoever reads it says so; a symbolic link in the place of a folder is an error, because objects may be behind it. Whatever has
    /// another name and is no plain file is passed over.
    private static func scan(_ pending: Pending, into found: inout [ObjectEntry]) throws(SystemError) -> [[UInt8]] {
        var below: [[UInt8]] = []
        for entry in try pending.folder.descriptor.entries() {
            let form = EntryForm(entry.name)
            if entry.kind == .directory {
                switch form {
                case .folder: below.append(entry.name)
                case .object: if let name = pending.object(entry.name) { found.append(ObjectEntry(name: name, size: 0)) }
                case .foreign: break
                }
                continue
            }
            guard !ObjectPlace.isTemporary(entry.name), let name = pending.object(entry.name),
                let status = try pending.folder.descriptor.statusIfPresent(of: entry.name)
            else { continue }
            switch (status.kind, form) {
            case (.file, _): found.append(ObjectEntry(name: name, size: UInt64(clamping: status.size)))
            case (.directory, .folder): below.append(entry.name)
            case (.symlink, .folder): throw SystemError(ELOOP, "list", name.text)
            case (_, .object): found.append(ObjectEntry(name: name, size: 0))
            case (_, .folder), (_, .foreign): continue
            }
        }
        return below
    }
}
