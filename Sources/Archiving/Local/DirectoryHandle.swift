import CHost
import Glibc
import HostIO
import Synchronization

/// A directory below an open one, which is open itself only as long as the pool has room and is found again by name when it is not.
///
/// So a walk may be of any depth and hold any number of directories. What is found again must be the same directory (device and
/// inode), or ENOENT is thrown; symlinks are never followed.
final class DirectoryHandle: Sendable {
    let name: [UInt8]
    let device: UInt64
    let inode: UInt64
    /// 0 for the root.
    let depth: Int
    private let slot: DescriptorPool.Slot
    private let pool: DescriptorPool
    // Written by `deinit` alone, when nobody else can see it.
    nonisolated(unsafe) private(set) var parent: DirectoryHandle?

    /// The root of a walk stays open as long as its handle lives.
    init(root: consuming Descriptor, pool: DescriptorPool = DescriptorPool()) throws(SystemError) {
        let status = try root.status()
        (device, inode) = (status.device, status.inode)
        name = []
        depth = 0
        parent = nil
        self.pool = pool
        slot = DescriptorPool.Slot(SharedDescriptor(root))
    }

    /// The directory `name` of `parent`; `asPlace`: not to be listed, so that opening it mounts nothing
    /// (with O_DIRECTORY it would, O_PATH or not).
    init(_ name: [UInt8], in parent: DirectoryHandle, asPlace: Bool = false) throws(SystemError) {
        let folder = try parent.open()
        let opened = try asPlace ? folder.descriptor.open(name, [.place]) : Self.open(name, in: folder.descriptor)
        let status = try opened.status()
        (device, inode) = (status.device, status.inode)
        self.name = name
        self.parent = parent
        depth = parent.depth + 1
        pool = parent.pool
        slot = pool.add(SharedDescriptor(opened), depth: depth)
    }

    deinit {
        slot.close()
        // One level at a time: a chain of many thousand handles must not be released by recursion.
        var next = parent.take()
        while next != nil, isKnownUniquelyReferenced(&next) {
            let above = next?.parent.take()
            next = above
        }
    }

    /// Far down, the path for messages is cut: it would grow with every level.
    private static func open(_ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) -> Descriptor {
        guard folder.path.utf8.count > 1000 else { return try folder.openDirectory(name) }
        let place = EntryPlace(folder.raw)
        place.point(at: name)
        let path = "…/\(FileName.text(name))"
        let raw = holdfast_openat(folder.raw, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
        guard raw >= 0 else { throw SystemError(errno, "open", path) }
        return Descriptor(owning: raw, path: path)
    }

    /// Open for as long as the result is kept.
    func open() throws(SystemError) -> SharedDescriptor {
        if let open = slot.current { return open }
        var closed = [self]
        var above = parent
        while let handle = above {
            if let open = handle.slot.current { return try Self.reopen(closed, below: open) }
            closed.append(handle)
            above = handle.parent
        }
        throw SystemError(EBADF, "open", FileName.text(name))
    }

    /// From the outermost to the innermost, which is first in `closed`.
    private static func reopen(_ closed: [DirectoryHandle], below open: SharedDescriptor) throws(SystemError) -> SharedDescriptor {
        var open = open
        for handle in closed.reversed() {
            let opened = try Self.open(handle.name, in: open.descriptor)
            let status = try opened.status()
            guard status.device == handle.device, status.inode == handle.inode else { throw SystemError(ENOENT, "open", opened.path) }
            open = SharedDescriptor(opened)
            handle.pool.put(open, into: handle.slot, depth: handle.depth)
        }
        return open
    }

    /// By chattr(1): entries can be made, and neither be renamed nor removed.
    var isAppendOnly: Bool { (try? open().descriptor.toldInodeFlags())?.contains(.appendOnly) ?? false }

    /// The path below the root, for people.
    func path(of entry: [UInt8]? = nil) -> String {
        var names: [[UInt8]] = entry.map { [$0] } ?? []
        var handle: DirectoryHandle? = self
        while let next = handle, next.parent != nil {
            names.append(next.name)
            handle = next.parent
        }
        return names.reversed().map(FileName.text).joined(separator: "/")
    }
}

/// Keeps at most so many directories of a walk open; the one opened longest ago is closed first. Landmarks, at every so many levels, have
/// room of their own, so that the way back to a closed directory is short even far down.
final class DescriptorPool: Sendable {
    /// Where an open descriptor may be.
    final class Slot: Sendable {
        private let held: Mutex<SharedDescriptor?>

        init(_ descriptor: SharedDescriptor?) { held = Mutex(descriptor) }

        var current: SharedDescriptor? { held.withLock { $0 } }
        func close() { put(nil) }

        fileprivate func put(_ descriptor: SharedDescriptor?) {
            let old = held.withLock { held in
                defer { held = descriptor }
                return held
            }
            _ = consume old  // closed outside of the lock
        }
    }

    private static let landmarkDistance = 96
    private let near = Mutex(Queue())
    private let landmarks = Mutex(Queue())
    /// Of each queue.
    private let capacity: Int

    private struct Queue {
        var slots: [Slot] = []
        var next = 0

        /// The slot that has to go for the new one.
        mutating func exchange(_ slot: Slot, _ capacity: Int) -> Slot? {
            if slots.count < capacity {
                slots.append(slot)
                return nil
            }
            defer { next = (next + 1) % capacity }
            defer { slots[next] = slot }
            return slots[next]
        }
    }

    init(capacity: Int = 128) { self.capacity = max(2, capacity) }

    func add(_ descriptor: SharedDescriptor, depth: Int) -> Slot {
        let slot = Slot(nil)
        put(descriptor, into: slot, depth: depth)
        return slot
    }

    func put(_ descriptor: SharedDescriptor, into slot: Slot, depth: Int) {
        slot.put(descriptor)
        let capacity = capacity
        let oldest =
            depth % Self.landmarkDistance == 0
            ? landmarks.withLock { $0.exchange(slot, capacity) } : near.withLock { $0.exchange(slot, capacity) }
        if let oldest, oldest !== slot { oldest.close() }
    }
}
