import Glibc
import Model
import Synchronization

/// A directory of one's own for a while: mode 0700, random name, removed with all in it by ``remove()`` or when the last reference goes.
///
/// It is `parent/scratch-RANDOM/files`; beside `files` stands `.owner`, on which an flock(2) is held while it lives, so that ``sweep(_:)``
/// knows left-overs of dead processes.
package final class ScratchDirectory: Sendable {
    private static let prefix = "scratch-"
    private static let ownerFile = Array(".owner".utf8)
    private static let newOwnerFile = Array(".owner.new".utf8)

    /// Empty at first; absolute when `parent` was.
    package let path: String
    private let name: [UInt8]
    private let parent: SharedDescriptor
    private let lock: Mutex<SharedDescriptor?>

    /// `parent` is made when it is not there.
    package convenience init(in parentPath: String) throws(SystemError) {
        try makeDirectories(parentPath)
        try self.init(in: SharedDescriptor(try Descriptor.openDirectory(parentPath)), at: parentPath)
    }

    /// In an open directory, which lies at `parentPath`.
    package init(in parent: SharedDescriptor, at parentPath: String) throws(SystemError) {
        let text = Self.prefix + randomName()
        let name = Array(text.utf8)
        try parent.descriptor.makeSharedDirectory(name, mode: 0o700)
        do {
            let folder = try parent.descriptor.openDirectory(name)
            let owner = try folder.open(Self.newOwnerFile, [.readWrite, .createNew])
            try owner.takeOwner(of: folder)
            _ = try owner.tryLock()
            try folder.rename(Self.newOwnerFile, to: Self.ownerFile)
            try folder.makeSharedDirectory(Array("files".utf8), mode: 0o700)
            lock = Mutex(SharedDescriptor(owner))
        } catch {
            try? removeTree(name, in: parent.descriptor)
            throw error
        }
        self.parent = parent
        self.name = name
        path = "\(Path.join(parentPath, text))/files"
    }

    /// Removes it now; a second call does nothing.
    package func remove() throws(SystemError) {
        let held = lock.withLock { lock in
            defer { lock = nil }
            return lock
        }
        guard held != nil else { return }
        try removeTree(name, in: parent.descriptor)
    }

    deinit { try? remove() }

    /// Removes scratch directories in `parent` whose owner has died; how many. A parent that is not there has none.
    @discardableResult
    package static func sweep(_ parentPath: String) throws(SystemError) -> Int {
        guard try statusOfPath(parentPath) != nil else { return 0 }
        return try sweep(in: Descriptor.openDirectory(parentPath))
    }

    @discardableResult
    package static func sweep(in parent: borrowing Descriptor) throws(SystemError) -> Int {
        var removed = 0
        for entry in try parent.entries() where FileName.text(entry.name).hasPrefix(prefix) {
            guard try isAbandoned(entry.name, in: parent) else { continue }
            try removeTree(entry.name, in: parent)
            removed += 1
        }
        return removed
    }

    private static func isAbandoned(_ name: [UInt8], in parent: borrowing Descriptor) throws(SystemError) -> Bool {
        do {
            let folder = try parent.openDirectory(name)
            return try folder.open(ownerFile, .readWrite).tryLock()
        } catch {
            // Without the file: a process that died between two calls, or one that is just there. Leave it for an hour.
            guard error.isNotFound, let status = try parent.statusIfPresent(of: name), status.kind == .directory else { return false }
            return SystemClock().now().secondsSince(status.modified) > 3600
        }
    }
}
