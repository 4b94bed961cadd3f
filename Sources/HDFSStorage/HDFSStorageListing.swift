import HostIO
package import Model
package import ObjectStorage
import Synchronization
import WebHDFS

extension HDFSStorage {
    /// Directories are listed by several threads at once: each costs a round trip to the NameNode.
    package func list(_ folder: String) throws(StorageError) -> [ObjectEntry] {
        guard ObjectName(folder) != nil else { return [] }
        let path = path(of: folder)
        do throws(StorageError) {
            return try doing(folder) { () throws(HDFSError) in
                guard try isFolder(folder) else { throw HDFSError(.notFound, "list", path) }
                return try FolderListing(client, path, named: folder).all()
            }
        } catch {
            if error.kind == .notFound { return [] }
            throw error
        }
    }

    package func holdsFolder(_ folder: String) throws(StorageError) -> Bool? {
        guard ObjectName(folder) != nil else { return false }
        let isThere = try doing(folder) { () throws(HDFSError) in try isFolder(folder) }
        if !isThere { try checkPresence() }
        return isThere
    }

    package func strays(in folder: String) throws(StorageError) -> [String] {
        guard ObjectName(folder) != nil else { return [] }
        return try doing(folder) { () throws(HDFSError) in
            guard try isFolder(folder) else { return [] }
            return try client.entries(of: path(of: folder)).map(\.name).filter { EntryForm($0) == .foreign && !HDFSTemporary.isName($0) }
                .map { FileName.text($0) }.sorted()
        }
    }

    /// False when nothing is there. Throws `notDirectory` when it, or what it would lie in, is something else: HDFS says of both that nothing is there.
    private func isFolder(_ folder: String) throws(HDFSError) -> Bool {
        var name = folder
        while true {
            let path = path(of: name)
            if let status = try client.status(of: path) {
                guard status.kind == .directory else { throw HDFSError(.notDirectory, "list", path) }
                return name == folder
            }
            guard let slash = name.lastIndex(of: "/") else { return false }
            name = String(name[..<slash])
        }
    }

    /// Removes what interrupted writes left, when it was last written more than `age` before `now`; how many files.
    package func removeLeftovers(olderThan age: Duration, now: Timestamp) throws(StorageError) -> Int {
        try doing("") { () throws(HDFSError) in try removeLeftovers(in: root, olderThan: age, now: now, depth: 0) }
    }

    private func removeLeftovers(in folder: HDFSPath, olderThan age: Duration, now: Timestamp, depth: Int) throws(HDFSError) -> Int {
        var removed = 0
        var pages = client.pages(of: folder)
        while let page = try pages.next() {
            for entry in page {
                guard let path = folder.appending(entry.name) else { continue }
                if entry.kind == .directory, depth < 8 {
                    removed += try removeLeftovers(in: path, olderThan: age, now: now, depth: depth + 1)
                } else if entry.kind == .file, HDFSTemporary.isName(entry.name),
                    now.seconds - entry.modificationTime / 1000 > age.components.seconds
                {
                    if try client.remove(path) { removed += 1 }
                }
            }
        }
        return removed
    }

    /// Free is what fits of data that is kept as often as the cluster keeps a file: the rest of the DataNodes' room, or of a quota of
    /// space on the directory or above it, by the number of replicas.
    package func space() throws(StorageError) -> StorageSpace? {
        try doing("") { () throws(HDFSError) in
            guard let space = try client.space() else { return nil }
            let replicas = UInt64(clamping: max(1, try replication()))
            var (free, total) = (space.remaining, space.total)
            for usage in try quotas() {
                guard let limit = usage.quota.space else { continue }
                free = min(free, limit > usage.spaceConsumed ? limit - usage.spaceConsumed : 0)
                total = min(total, limit)
            }
            return StorageSpace(free: min(free, total) / replicas, total: total / replicas)
        }
    }

    private func replication() throws(HDFSError) -> Int {
        if let replication = client.options.replication { return replication }
        return try client.defaults().replication
    }

    /// Of the directory and of those above it that may be looked at.
    private func quotas() throws(HDFSError) -> [HDFSQuotaUsage] {
        var usages = [try client.quotaUsage(of: root)]
        var path = root
        while !path.isRoot {
            path = path.parent
            guard let usage = try? client.quotaUsage(of: path) else { break }
            usages.append(usage)
        }
        return usages
    }
}

/// The objects below one directory.
private struct FolderListing {
    private struct Folder: Sendable {
        let path: HDFSPath
        let name: String
    }

    private static let threads = 8
    private let client: HDFSClient
    private let top: Folder

    init(_ client: HDFSClient, _ path: HDFSPath, named name: String) {
        self.client = client
        top = Folder(path: path, name: name)
    }

    func all() throws(HDFSError) -> [ObjectEntry] {
        var found: [ObjectEntry] = []
        let below = try scan(top, into: &found)
        if below.count < 2 * Self.threads {
            for folder in below { try walk(folder, into: &found) }
            return found
        }
        return try found + parallel(below)
    }

    private func parallel(_ folders: [Folder]) throws(HDFSError) -> [ObjectEntry] {
        let next = Atomic<Int>(0)
        let found = Mutex<[ObjectEntry]>([])
        do {
            try runWorkers(Self.threads, named: "list") { _ in
                var mine: [ObjectEntry] = []
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < folders.count else { break }
                    try walk(folders[index], into: &mine)
                }
                found.withLock { $0 += mine }
            }
        } catch {
            throw (error as? HDFSError) ?? HDFSError(.other, "list", top.path, detail: "\(error)")
        }
        return found.withLock { $0 }
    }

    private func walk(_ folder: Folder, into found: inout [ObjectEntry]) throws(HDFSError) {
        let below: [Folder]
        do throws(HDFSError) { below = try scan(folder, into: &found) } catch {
            // Removed since it was listed.
            if error.kind == .notFound { return }
            throw error
        }
        for folder in below { try walk(folder, into: &found) }
    }

    /// Adds the objects of one directory and gives the directories in it.
    private func scan(_ folder: Folder, into found: inout [ObjectEntry]) throws(HDFSError) -> [Folder] {
        var below: [Folder] = []
        var pages = client.pages(of: folder.path)
        while let page = try pages.next() {
            for entry in page {
                let name = "\(folder.name)/\(String(decoding: entry.name, as: UTF8.self))"
                switch entry.kind {
                case .file:
                    guard !HDFSTemporary.isName(entry.name), let name = ObjectName(name) else { continue }
                    found.append(ObjectEntry(name: name, size: entry.length))
                case .directory where EntryForm(entry.name) == .folder:
                    if let path = folder.path.appending(entry.name) { below.append(Folder(path: path, name: name)) }
                case .directory, .symlink:
                    guard EntryForm(entry.name) == .object, let name = ObjectName(name) else { continue }
                    found.append(ObjectEntry(name: name, size: 0))
                }
            }
        }
        return below
    }
}
