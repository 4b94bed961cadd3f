import CHost
import HostIO
import Model
import ResticFormat
import Synchronization

/// Entries of a destination that a restore would change and cannot, gathered while it is planned.
final class HeldEntries: Sendable {
    private struct State {
        /// At most ``RemovalObstacles/most``.
        var found: Set<RemovalObstacle> = []
        var hasMore = false
    }

    private let root: String
    private let state = Mutex(State())

    /// `root`: the path of the destination.
    init(root: String) { self.root = root }

    /// The entry is to be replaced, removed or given other metadata.
    func note(_ change: EntryChange, in directory: PlannedDirectory) {
        if let obstacle = directory.obstacle(root), obstacle.keepsFrom(change) { return add(obstacle) }
        guard let kind = directory.source.obstacle(at: change.name), kind != .mount || !change.isOfMetadata else { return }
        add(kind, directory.source.handle.path(of: change.name))
    }

    /// The directory itself is to get other metadata.
    func note(_ directory: PlannedDirectory) { if let obstacle = directory.obstacle(root) { add(obstacle) } }

    /// Entries that were listed in a directory are to be removed.
    func note(in directory: LocalSourceDirectory) {
        for (name, kind) in directory.obstacles { add(kind, directory.handle.path(of: name)) }
    }

    private func add(_ kind: RemovalObstacle.Kind, _ path: String) { add(RemovalObstacle(kind, Path.join(root, path))) }

    private func add(_ obstacle: RemovalObstacle) {
        state.withLock { state in
            guard !state.found.contains(obstacle) else { return }
            if state.found.count < RemovalObstacles.most { state.found.insert(obstacle) } else { state.hasMore = true }
        }
    }

    /// Lines for people, in the order of the paths: what stays as it is, why, and the command that lifts that.
    var lines: [String] {
        let (found, hasMore) = state.withLock { ($0.found.sorted { $0.path < $1.path }, $0.hasMore) }
        return RemovalObstacle.lines(found, hasMore: hasMore)
    }
}

extension RemovalObstacle {
    /// Of a directory: whether an entry in it cannot be changed so. In an append-only one directories can be made and what is there gets metadata.
    fileprivate func keepsFrom(_ change: EntryChange) -> Bool {
        switch (kind, change) {
        case (.appendOnly, .setMetadata), (.appendOnly, .rewrite): false
        case (.immutable, .setMetadata), (.immutable, .rewrite): false
        case (.appendOnly, .write(let node)): node.type != .dir
        default: true
        }
    }
}

extension EntryChange {
    fileprivate var isOfMetadata: Bool {
        if case .setMetadata = self { return true }
        return false
    }
}

extension LocalSourceDirectory {
    /// What keeps all that is in the directory from being changed, asked of the directory; `root`: the path of the destination.
    func ownObstacle(_ root: String) -> RemovalObstacle? {
        guard let open = try? handle.open() else { return nil }
        let flags = (try? open.descriptor.toldInodeFlags()) ?? []
        let path = { (handle: DirectoryHandle) in handle.parent == nil ? root : Path.join(root, handle.path()) }
        if flags.contains(.immutable) { return RemovalObstacle(.immutable, path(handle)) }
        if flags.contains(.appendOnly) { return RemovalObstacle(.appendOnly, path(handle)) }
        if (try? open.descriptor.isReadOnly()) == true { return RemovalObstacle(.readOnlyMount, path(topOfMount())) }
        guard let top = topOfDevice(), let parent = top.parent, top.inode == Descriptor.subvolumeInode,
            let folder = try? parent.open(), (try? folder.descriptor.isReadOnlySubvolume(top.name)) == true
        else { return nil }
        return RemovalObstacle(.readOnlySubvolume, path(top))
    }

    /// The outermost directory of the walk on the same mount.
    private func topOfMount() -> DirectoryHandle {
        func mount(_ handle: DirectoryHandle) -> Int64 { (try? handle.open()).map { holdfast_mount_id($0.descriptor.raw, "") } ?? -1 }
        var top = handle
        let own = mount(top)
        while let above = top.parent, above.device == top.device, mount(above) == own { top = above }
        return top
    }

    /// The outermost directory of the walk on the same device when the root of the walk lies on another.
    private func topOfDevice() -> DirectoryHandle? {
        var top = handle
        while let above = top.parent {
            if above.device != top.device { return top }
            top = above
        }
        return nil
    }
}
