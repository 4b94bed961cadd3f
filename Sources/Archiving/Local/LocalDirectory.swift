import CHost
import Glibc
import HostIO
import Model
import ResticFormat
import Synchronization

/// A directory of this machine as a source. Symlinks are entries, never followed; what is mounted below is walked too, as restic does by
/// default, unless the kernel makes it up (``KernelFileSystem``): then it is an empty directory, and told. The stored access time is the modification time, and `deviceID` is set on files with several links only, so that trees do not
/// change with mount order.
package final class LocalDirectory: EntrySource {
    package struct Options: Sendable {
        package var identity: FileIdentity
        /// Names in the root directory that are not part of the source.
        package var excludedAtRoot: Set<[UInt8]>
        /// Databases in it that are in use are told (``OpenDatabases``): not where who reads them knows how to.
        package var tellsDatabases = true
        /// What interrupted restores left (``TemporaryName``) is listed.
        var showsLeftOvers = false

        package init(identity: FileIdentity = .own, excludedAtRoot: Set<[UInt8]> = []) {
            self.identity = identity
            self.excludedAtRoot = excludedAtRoot
        }

        /// Everything, for whoever compares it with an image.
        static func destination(excludedAtRoot: Set<[UInt8]>) -> Options {
            var options = Options(excludedAtRoot: excludedAtRoot)
            options.showsLeftOvers = true
            return options
        }
    }

    package let path: String
    package let options: Options
    let names = AccountNames()
    let flags = FlaggedEntries()
    /// Looked up for destinations only.
    let swapFiles: SwapFiles

    /// `path` may be or lead through a symlink to the directory; it is opened by ``root()``.
    package init(path: String, options: Options = Options()) {
        self.path = path
        self.options = options
        swapFiles = options.showsLeftOvers ? .read() : .none
    }

    package var description: String { path }

    package func root() throws -> any SourceDirectory { try openRoot() }
    package func conclude(_ issues: IssueCollector) { if let issue = flags.issue { issues.add(issue) } }

    func openRoot() throws -> LocalSourceDirectory {
        try Archiving.concerningEntry { () throws(SystemError) in
            LocalSourceDirectory(try DirectoryHandle(root: try Descriptor.openDirectory(path)), of: self)
        }
    }

    /// Runs `body` and gives its error as that of an entry. What does not answer, a mount whose server has died say, is one as well while the root
    /// goes on answering.
    func concerningEntry<Result: ~Copyable>(_ body: () throws(SystemError) -> Result) throws -> Result {
        do { return try body() } catch { throw entryError(error) }
    }

    func entryError(_ error: SystemError) -> any Error {
        guard error.isUnreachable, isAnswering else { return EntryError.of(error) }
        return EntryError(.unreadable, path: error.path, detail: error.reason)
    }

    private var isAnswering: Bool { (try? Descriptor.openDirectory(path).beginsToList()) != nil }
}

/// A directory of a ``LocalDirectory``.
final class LocalSourceDirectory: SourceDirectory {
    let handle: DirectoryHandle
    let source: LocalDirectory
    /// The kernel makes its entries up: it has none here.
    let isHollow: Bool
    /// Entries that are hollow, known from the listing.
    private let hollow = Mutex<Set<[UInt8]>>([])
    /// Entries that cannot be replaced or removed, known from the listing.
    private let held = Mutex<[[UInt8]: RemovalObstacle.Kind]>([:])
    /// Its file system's, once it was asked for.
    private let magic = Mutex<Int64?>(nil)
    /// Of a copy: what its entries were copied from, once it was asked for.
    private let originals = Mutex<[CopiedEntry: OriginalEntry]?>(nil)

    init(_ handle: DirectoryHandle, of source: LocalDirectory, isHollow: Bool = false) {
        self.handle = handle
        self.isHollow = isHollow
        self.source = source
    }

    func metadata() throws -> Node {
        try Archiving.concerningEntry { () throws(SystemError) in
            let open = try handle.open()
            var status = stat()
            guard fstat(open.descriptor.raw, &status) == 0 else { throw SystemError(errno, "examine", open.descriptor.path) }
            var node = node([], status)
            for name in try open.descriptor.attributeNames().sorted(by: Tree.areInOrder) {
                guard let value = try open.descriptor.attribute(name) else { continue }
                node.extendedAttributes.append(ExtendedAttribute(name: name, value: value))
            }
            return node
        }
    }

    func directory(named name: [UInt8]) throws -> any SourceDirectory { try openDirectory(name) }

    func openDirectory(_ name: [UInt8]) throws -> LocalSourceDirectory {
        let isHollow = hollow.withLock { $0.contains(name) }
        return try source.concerningEntry { () throws(SystemError) in
            LocalSourceDirectory(try DirectoryHandle(name, in: handle, asPlace: isHollow), of: source, isHollow: isHollow)
        }
    }

    func keepsTimeOfChange(_ status: stat) -> Bool {
        let magic = magic.withLock { known in
            let magic = known ?? (try? handle.open()).map { holdfast_file_system_magic($0.descriptor.raw) } ?? 0
            known = magic
            return magic
        }
        return FileIdentity.keepsTimeOfChange(status, magic: magic)
    }

    func hold(_ name: [UInt8], _ kind: RemovalObstacle.Kind) { held.withLock { $0[name] = kind } }
    /// What keeps the entry from being replaced and removed, as the listing told.
    func obstacle(at name: [UInt8]) -> RemovalObstacle.Kind? { held.withLock { $0[name] } }
    /// Those of all entries.
    var obstacles: [[UInt8]: RemovalObstacle.Kind] { held.withLock { $0 } }

    func markHollow(_ name: [UInt8]) { hollow.withLock { _ = $0.insert(name) } }

    func file(named name: [UInt8]) throws -> any SourceFile {
        let opened = try source.concerningEntry { () throws(SystemError) in try open(name) }
        return try LocalFile(opened, name: name, in: self)
    }

    /// Without leaving an access time where the system allows that; O_NONBLOCK in case that a fifo has taken the file's place.
    private func open(_ name: [UInt8]) throws(SystemError) -> Descriptor {
        let folder = try handle.open()
        do {
            return try folder.descriptor.open(name, [.read, .nonBlocking, .noAccessTime])
        } catch {
            guard error.errno == EPERM else { throw error }
            return try folder.descriptor.open(name, [.read, .nonBlocking])
        }
    }
}

extension LocalSourceDirectory {
    /// What a status says, without attributes and link target.
    func node(_ name: [UInt8], _ status: stat) -> Node {
        var node = source.node(name, status)
        switch source.options.identity {
        case .own, .live: return node
        case .frozen(let time):
            guard node.type == .file else { return node }
            if !(time.map { FileIdentity.isSettled(Timestamp(status.st_ctim), at: $0) } ?? false) { node.ctime = .epoch }
        case .copied(let copies): node.adopt(original(of: status, copies))
        }
        return node
    }

    /// Nil also for directories, which a copy cannot have as they were.
    private func original(of status: stat, _ copies: any CopiedIdentities) -> OriginalEntry? {
        guard status.st_mode & S_IFMT != S_IFDIR else { return nil }
        let known = originals.withLock { originals in
            let known = originals ?? copies.originals(inDirectory: handle.inode)
            originals = known
            return known
        }
        return known[CopiedEntry(inode: UInt64(status.st_ino), changed: Timestamp(status.st_ctim))]
    }
}

extension Node {
    /// Of an entry of a copy. Without an original a file has no time of change and so is the same as no other.
    fileprivate mutating func adopt(_ original: OriginalEntry?) {
        let isLinked = type != .dir && links > 1
        guard let original else {
            ctime = type == .file ? .epoch : mtime
            if !isLinked { inode = 0 }
            return
        }
        ctime = original.changed.map { NodeTime($0) } ?? .epoch
        inode = original.inode
        deviceID = isLinked ? original.device : 0
    }
}

extension LocalDirectory {
    fileprivate func node(_ name: [UInt8], _ status: stat) -> Node {
        let type = NodeType(posixMode: status.st_mode)
        var node = Node(name: name, type: type)
        node.mode = FileMode.fromPOSIX(status.st_mode)
        node.mtime = NodeTime(status.st_mtim)
        node.atime = node.mtime
        node.ctime = NodeTime(status.st_ctim)
        node.uid = status.st_uid
        node.gid = status.st_gid
        node.user = names.user(status.st_uid)
        node.group = names.group(status.st_gid)
        node.links = UInt64(status.st_nlink)
        let isLinked = type != .dir && node.links > 1
        node.inode = UInt64(status.st_ino)
        node.deviceID = isLinked ? UInt64(status.st_dev) : 0
        if type == .file { node.size = UInt64(max(0, status.st_size)) }
        if type == .dev || type == .chardev { node.device = UInt64(status.st_rdev) }
        return node
    }
}

extension NodeTime {
    /// Nanoseconds out of range, which a careless FUSE file system can give, are brought into it.
    init(_ time: timespec) { self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(min(max(time.tv_nsec, 0), 999_999_999))) }
}
