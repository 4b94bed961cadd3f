import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract
import Synchronization
import WebHDFS

/// A snapshot of a directory in HDFS as something to archive: read below `.snapshot` only, where nothing changes any more.
final class HDFSImage: EntrySource {
    let client: HDFSClient
    /// The directory that the snapshot is of.
    let directory: HDFSPath
    let snapshot: String
    /// `DIRECTORY/.snapshot/NAME`.
    let place: HDFSPath
    /// Since an older snapshot, of which there is an archived tree.
    let changes: SnapshotChanges?
    let attributes: AttributeReading
    /// Files that were open when the snapshot was made, as far as they were noted.
    let open: [PlaceBelow: OpenFile]
    let isOpenKnown: Bool
    /// A block was found lost: then more may be, and nobody waits for them again.
    let hasLost = Atomic<Bool>(false)

    /// Answers are waited for, most of the time.
    var width: Int { 5 }

    /// `open`: nil when it is not known. `again`: places of the older snapshot that are asked for whatever HDFS reports.
    init(
        _ client: HDFSClient, of directory: HDFSPath, snapshot: String, open: [OpenFile]? = nil, since older: String? = nil,
        again: [String] = []
    ) throws {
        self.client = client
        self.directory = directory
        self.snapshot = snapshot
        guard let place = directory.snapshot(snapshot) else { throw Failure(.internal, "no name of a snapshot: \(snapshot)") }
        self.place = place
        self.open = (open ?? []).reduce(into: [:]) { $0[PlaceBelow($1)] = $1 }
        isOpenKnown = open != nil
        changes = try older.map {
            var changes = SnapshotChanges(try client.snapshotDiff(of: directory, from: $0, to: snapshot))
            changes.askAgain(again.map { PlaceBelow(bytes: Array($0.utf8)) })
            return changes
        }
        attributes = AttributeReading(client)
    }

    var description: String { place.description }

    func root() throws -> any SourceDirectory {
        try reading {
            var status = try status(of: place)
            // Of a snapshot HDFS does not say it. No directory below the root can be another one that snapshots are allowed of.
            status.isSnapshottable = true
            return HDFSImageDirectory(self, .root, status)
        }
    }

    /// Nothing is asked; ``reading(_:)`` tells one that is not there.
    func openDirectory(_ place: PlaceBelow) -> HDFSImageDirectory { HDFSImageDirectory(self, place) }

    func path(of place: PlaceBelow) -> HDFSPath { self.place.appending(place) }

    func status(of path: HDFSPath) throws -> HDFSFileStatus {
        guard let status = try client.status(of: path) else { throw HDFSError(.notFound, "read", path) }
        return status
    }

    /// Whether a directory may not be listed: whoever looks into it names it.
    func isClosed(_ place: PlaceBelow) -> Bool {
        do throws(HDFSError) { _ = try client.page(of: path(of: place)) } catch { return error.kind == .permission }
        return false
    }

    /// Runs `body`. In a snapshot nothing vanishes: what is not found means that the snapshot itself was deleted, or is a fault of one entry. What
    /// this user may not read, or no DataNode has, concerns one entry.
    func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as HDFSError {
            switch error.kind {
            case .notFound:
                guard try client.status(of: place) == nil else {
                    throw EntryError(.unreadable, path: error.path.description, detail: error.kind.rawValue)
                }
                throw Failure(
                    .store, "the snapshot \(snapshot) of \(directory) was deleted while it was read",
                    hint: "leave the snapshots whose names begin with holdfast- to Holdfast, and run the command again")
            case .permission, .noReplica, .truncated:
                if error.kind == .noReplica { hasLost.store(true, ordering: .relaxed) }
                throw EntryError(.unreadable, path: error.path.description, detail: error.failure.summary)
            default: throw error
            }
        }
    }
}

/// A directory of a snapshot. Nothing is asked before it is looked into.
final class HDFSImageDirectory: SourceDirectory {
    private let image: HDFSImage
    private let place: PlaceBelow
    /// Of itself; what its entries inherit is not noted with them.
    private let known: Mutex<HDFSFileStatus?>

    init(_ image: HDFSImage, _ place: PlaceBelow, _ status: HDFSFileStatus? = nil) {
        self.image = image
        self.place = place
        known = Mutex(status)
    }

    private func status() throws -> HDFSFileStatus {
        if let status = known.withLock({ $0 }) { return status }
        let status = try image.status(of: image.path(of: place))
        known.withLock { $0 = status }
        return status
    }

    func metadata() throws -> Node {
        try image.reading {
            let status = try status()
            var node = Node(status)
            // What is refused is named with the entries.
            do { try complete(&node, status) } catch is EntryError {}
            node.name = []
            return node
        }
    }

    private func complete(_ node: inout Node, _ status: HDFSFileStatus) throws {
        try image.attributes.complete(&node, status, at: image.path(of: place), in: nil)
    }

    func entries(_ issues: IssueCollector) throws -> [Node] { try entries(issues, before: { [] }) }

    func entries(_ issues: IssueCollector, before: () -> [Node]) throws -> [Node] {
        let past = Tree(nodes: before())
        var nodes: [Node] = []
        nodes.reserveCapacity(past.nodes.count)
        try image.reading {
            let folder = try status()
            if place.isRoot { try nameRefusedAttributes(folder, issues) }
            var pages = image.client.pages(of: image.path(of: place))
            var isFirst = true
            while let page = try pages.next() {
                // What a restore that was killed has left.
                let page = page.filter { !HDFSTemporary.isName($0.name) }
                let threads = isFirst && pages.isAtEnd ? 1 : image.width
                nodes += try self.nodes(page, in: folder, past, issues, threads: threads)
                isFirst = false
            }
        }
        return nodes
    }

    /// Those of the root: of other directories they are asked for with the listing above.
    private func nameRefusedAttributes(_ status: HDFSFileStatus, _ issues: IssueCollector) throws {
        var node = Node(status)
        do { try complete(&node, status) } catch let error as EntryError {
            issues.add(EntryIssue(kind: .metadata, path: "", detail: error.detail))
        }
    }

    /// Of a page of a listing, in its order. Each entry that is not known from before is asked for by itself; a directory of one page is left
    /// to the thread that lists it, as there are others beside it.
    private func nodes(
        _ page: [HDFSFileStatus], in folder: HDFSFileStatus, _ past: Tree, _ issues: IssueCollector, threads: Int
    ) throws -> [Node] {
        let found = Mutex([Node?](repeating: nil, count: page.count))
        let next = Atomic(0)
        let work: @Sendable () throws -> Void = {
            while case let index = next.add(1, ordering: .relaxed).oldValue, index < page.count {
                let node = try self.node(page[index], in: folder, past, issues)
                found.withLock { $0[index] = node }
            }
        }
        if threads == 1 { try work() } else { try runWorkers(threads, named: "listing") { _ in try work() } }
        return found.withLock { $0.compactMap { $0 } }
    }

    private func node(_ status: HDFSFileStatus, in folder: HDFSFileStatus, _ past: Tree, _ issues: IssueCollector) throws -> Node? {
        var node = Node(status)
        let entry = place.appending(status.name)
        if status.kind == .symlink {
            issues.add(EntryIssue(kind: .unreadable, path: entry.text, detail: "a symbolic link of HDFS; it is left out"))
            return nil
        }
        try noteOpen(&node, status, entry, issues)
        if let known = unchangedNode(status, entry, past) {
            // In memory they share both.
            node.name = known.name
            node.extendedAttributes = known.extendedAttributes
            return node
        }
        do {
            try image.reading { try image.attributes.complete(&node, status, at: image.path(of: entry), in: folder) }
        } catch let error as EntryError where !(status.kind == .directory && image.isClosed(entry)) {
            issues.add(EntryIssue(kind: .metadata, path: entry.text, detail: error.detail))
        } catch is EntryError {}
        return node
    }

    /// A file that was open when the snapshot was made ends where it ended then.
    private func noteOpen(_ node: inout Node, _ status: HDFSFileStatus, _ entry: PlaceBelow, _ issues: IssueCollector) throws {
        guard status.kind == .file else { return }
        if let file = image.openFile(at: entry, status) {
            node.size = image.reach(of: file, at: entry, status).length
            guard node.size < file.length else { return }
            issues.add(
                EntryIssue(
                    kind: .open, path: entry.text,
                    detail: "\(grouped(node.size)) of the \(counted(file.length, "byte")) that it had are left"))
        } else if image.changes?.isUnchanged(entry) != true, try image.isBeingWritten(status) {
            issues.add(EntryIssue(kind: .open, path: entry.text, detail: "somebody is writing it"))
        }
    }

    /// The entry as it was archived, when nothing of its own has changed since.
    private func unchangedNode(_ status: HDFSFileStatus, _ entry: PlaceBelow, _ past: Tree) -> Node? {
        guard let changes = image.changes, changes.isUnchanged(entry), let known = past.node(named: status.name) else { return nil }
        return known.inode == UInt64(clamping: status.fileID) ? known : nil
    }

    func directory(named name: [UInt8]) throws -> any SourceDirectory {
        let entry = place.appending(name)
        return try image.reading { HDFSImageDirectory(image, entry, try image.status(of: image.path(of: entry))) }
    }

    func directory(listed node: Node) throws -> any SourceDirectory { image.openDirectory(place.appending(node.name)) }

    func file(named name: [UInt8]) throws -> any SourceFile {
        let entry = place.appending(name)
        let status = try image.reading { try image.status(of: image.path(of: entry)) }
        var node = Node(status)
        if let file = image.openFile(at: entry, status) { node.size = image.reach(of: file, at: entry, status).length }
        return try file(entry, node)
    }

    func file(listed node: Node) throws -> any SourceFile { try file(place.appending(node.name), node) }

    private func file(_ entry: PlaceBelow, _ node: Node) throws -> any SourceFile {
        let inside = image.path(of: entry)
        guard image.open[entry] != nil else { return HDFSImageFile(image, inside, node) }
        return try image.reading {
            let status = try image.status(of: inside)
            guard let file = image.openFile(at: entry, status) else { return HDFSImageFile(image, inside, node) }
            return HDFSImageFile(image, image.reach(of: file, at: entry, status).path, node)
        }
    }

    var isUnchanged: Bool { image.changes?.isUnchanged(place) ?? false }

    func formerPlace(of name: [UInt8]) -> [[UInt8]]? {
        let entry = place.appending(name)
        guard let changes = image.changes, let former = changes.formerPlace(of: entry), former != entry else { return nil }
        // Where only a directory above was moved, the parent tree is read from where that stood, and the entry has the same name there.
        guard former.name != name || changes.formerPlace(of: place) != former.parent else { return nil }
        return former.components
    }
}

/// A file of a snapshot, whose bytes are asked for at the first read.
final class HDFSImageFile: SourceFile {
    private let image: HDFSImage
    private let path: HDFSPath
    private let node: Node
    // One thread at a time uses a file (``SourceFile``).
    nonisolated(unsafe) private var reader: HDFSReader?
    nonisolated(unsafe) private var count: UInt64 = 0

    init(_ image: HDFSImage, _ path: HDFSPath, _ node: Node) {
        self.image = image
        self.path = path
        self.node = node
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try image.reading {
            let reader = try self.reader ?? opened()
            self.reader = reader
            var filled = 0
            while filled < buffer.count {
                let got = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
                if got == 0 { break }
                filled += got
            }
            if filled < buffer.count { reader.close() }
            count += UInt64(filled)
            return filled
        }
    }

    /// Throws for a file with a lost block, once one was met: each wait for DataNodes that may have it takes its time.
    private func opened() throws -> HDFSReader {
        if image.hasLost.load(ordering: .relaxed), try image.client.hasLostBlock(path, from: 0) {
            throw HDFSError(.noReplica, "read", path, detail: "a block of it is lost")
        }
        return try image.client.open(path, length: node.size)
    }

    func metadata() throws -> Node {
        var node = node
        node.extendedAttributes = []
        return node
    }
}
