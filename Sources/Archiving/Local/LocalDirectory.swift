import Glibc
import HostIO
import ResticFormat
import Synchronization

/// A directory of this machine as a source. Symlinks are entries, never followed; what is mounted below is walked too, as restic does by
/// default. The stored access time is the modification time, and `deviceID` is set on files with several links only, so that trees do not
/// change with mount order.
package final class LocalDirectory: EntrySource {
    package struct Options: Sendable {
        /// Inode numbers and change times tell whether a file is the one of last time. False for clones, where they are always new: both
        /// are then left out of the nodes, and files are compared by size and modification time.
        package var keepsIdentity: Bool
        /// Names in the root directory that are not part of the source.
        package var excludedAtRoot: Set<[UInt8]>
        /// What interrupted restores left (``TemporaryName``) is listed.
        var showsLeftOvers = false

        package init(keepsIdentity: Bool = true, excludedAtRoot: Set<[UInt8]> = []) {
            self.keepsIdentity = keepsIdentity
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

    /// `path` may be or lead through a symlink to the directory; it is opened by ``root()``.
    package init(path: String, options: Options = Options()) {
        self.path = path
        self.options = options
    }

    package var description: String { path }

    package func root() throws -> any SourceDirectory { try openRoot() }

    func openRoot() throws -> LocalSourceDirectory {
        try concerningEntry { () throws(SystemError) in
            LocalSourceDirectory(try DirectoryHandle(root: try Descriptor.openDirectory(path)), of: self)
        }
    }
}

/// A directory of a ``LocalDirectory``.
final class LocalSourceDirectory: SourceDirectory {
    let handle: DirectoryHandle
    let source: LocalDirectory

    init(_ handle: DirectoryHandle, of source: LocalDirectory) {
        self.handle = handle
        self.source = source
    }

    func metadata() throws -> Node {
        try concerningEntry { () throws(SystemError) in
            let open = try handle.open()
            var status = stat()
            guard fstat(open.descriptor.raw, &status) == 0 else { throw SystemError(errno, "examine", open.descriptor.path) }
            var node = source.node([], status)
            for name in try open.descriptor.attributeNames().sorted(by: Tree.areInOrder) {
                guard let value = try open.descriptor.attribute(name) else { continue }
                node.extendedAttributes.append(ExtendedAttribute(name: name, value: value))
            }
            return node
        }
    }

    func directory(named name: [UInt8]) throws -> any SourceDirectory { try openDirectory(name) }

    func openDirectory(_ name: [UInt8]) throws -> LocalSourceDirectory {
        try concerningEntry { () throws(SystemError) in LocalSourceDirectory(try DirectoryHandle(name, in: handle), of: source) }
    }

    func file(named name: [UInt8]) throws -> any SourceFile {
        let opened = try concerningEntry { () throws(SystemError) in try open(name) }
        return try LocalFile(opened, name: name, source: source)
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

extension LocalDirectory {
    /// What a status says, without attributes and link target.
    func node(_ name: [UInt8], _ status: stat) -> Node {
        let type = NodeType(posixMode: status.st_mode)
        var node = Node(name: name, type: type)
        node.mode = FileMode.fromPOSIX(status.st_mode)
        node.mtime = NodeTime(status.st_mtim)
        node.atime = node.mtime
        node.ctime = options.keepsIdentity ? NodeTime(status.st_ctim) : node.mtime
        node.uid = status.st_uid
        node.gid = status.st_gid
        node.user = names.user(status.st_uid)
        node.group = names.group(status.st_gid)
        node.links = UInt64(status.st_nlink)
        let isLinked = type != .dir && node.links > 1
        node.inode = options.keepsIdentity || isLinked ? UInt64(status.st_ino) : 0
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
