import CHost
import Glibc
package import HostIO
import Model

/// An entry that keeps a tree from being removed, or itself from being changed.
package struct RemovalObstacle: Hashable, Sendable {
    package enum Kind: String, Sendable { case mount, immutable, appendOnly, readOnlySubvolume, readOnlyMount, swapFile }

    package let kind: Kind
    /// Whole.
    package let path: String

    package init(_ kind: Kind, _ path: String) {
        self.kind = kind
        self.path = path
    }

    package var reason: String {
        switch kind {
        case .mount: "something is mounted there"
        case .immutable: "it is immutable (lsattr)"
        case .appendOnly: "it is append-only (lsattr)"
        case .readOnlySubvolume: "it is a read-only btrfs subvolume"
        case .readOnlyMount: "it is mounted read-only"
        case .swapFile: "the kernel swaps to it"
        }
    }

    private var quoted: String {
        let isPlain = path.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789/._-+".unicodeScalars.contains($0))
        }
        return isPlain ? path : "'\(path.replacing("'", with: "'\\''"))'"
    }

    /// "/srv/up/f stays as it is: it is immutable (lsattr); chattr -R -i -a /srv/up/f lifts that".
    var text: String { "\(path) stays as it is: \(reason); \(remedy) lifts that" }

    private static let mostLines = 20

    static func lines(_ obstacles: [RemovalObstacle], hasMore: Bool = false) -> [String] {
        let more = obstacles.count - mostLines
        guard more > 0 else { return obstacles.map(\.text) }
        return obstacles.prefix(mostLines).map(\.text) + ["\(hasMore ? "more than " : "")\(grouped(more)) more that stay as they are"]
    }

    /// The command that lifts it.
    package var remedy: String {
        switch kind {
        case .mount: "umount \(quoted)"
        case .immutable, .appendOnly: "chattr -R -i -a \(quoted)"
        case .readOnlySubvolume: "btrfs property set \(quoted) ro false"
        case .readOnlyMount: "mount -o remount,rw \(quoted)"
        case .swapFile: "swapoff \(quoted)"
        }
    }
}

/// Looks through a tree before it is removed, so that nothing of it is gone when something of it has to stay.
package struct RemovalObstacles {
    /// At most ``most``.
    package private(set) var found: [RemovalObstacle] = []
    /// How many there are.
    package private(set) var count = 0

    package static let most = 100
    private let path: String

    /// Of single files, ``note(_:in:)`` adds what there is.
    package init(below path: String) { self.path = path }

    /// Those that were found, for a plan.
    package var lines: [String] { RemovalObstacle.lines(found) }

    /// The entry `name` of a directory, with nothing below it.
    package mutating func note(_ name: [UInt8], in folder: borrowing Descriptor) {
        guard let flags = try? folder.inodeFlags(of: name) else { return }
        add(flags, "\(folder.path)/\(FileName.text(name))")
    }

    /// A directory from which entries are to be removed.
    package mutating func note(itself folder: borrowing Descriptor) { add((try? folder.toldInodeFlags()) ?? [], folder.path) }

    /// `root` itself stays; `excluded`: names in it that stay as well. What cannot be looked into is passed over.
    package init(in root: borrowing Descriptor, excluding excluded: Set<[UInt8]> = [], job: JobControl) throws {
        self.init(below: root.path)
        note(itself: root)
        var waiting = [try DirectoryHandle(root: try root.reopenDirectory())]
        while let directory = waiting.popLast() {
            try job.checkCancelled()
            let isRoot = directory.parent == nil
            guard let open = try? directory.open(), let listing = try? open.descriptor.reopenDirectory(),
                let entries = try? listing.entries()
            else { continue }
            for entry in entries where !(isRoot && excluded.contains(entry.name)) {
                if let below = examine(entry.name, in: directory, open) { waiting.append(below) }
            }
        }
    }

    /// The directory when what is in it is to be looked at too.
    private mutating func examine(_ name: [UInt8], in directory: DirectoryHandle, _ open: SharedDescriptor) -> DirectoryHandle? {
        let place = EntryPlace(open.descriptor.raw)
        place.point(at: name)
        let mount = holdfast_mount_id(open.descriptor.raw, place.name)
        if mount > 0, mount != holdfast_mount_id(open.descriptor.raw, "") {
            add(.mount, in: directory, name)
            return nil
        }
        var (status, attributes, same) = (stat(), UInt64(0), Int64(0))
        guard holdfast_entry_status(open.descriptor.raw, place.name, &status, &attributes, &same) == 0 else { return nil }
        let flags = InodeFlags(locksIn: attributes)
        if !flags.isEmpty { add(flags, whole(directory, name)) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return nil }
        if UInt64(status.st_ino) == Descriptor.subvolumeInode, (try? open.descriptor.isReadOnlySubvolume(name)) == true {
            add(.readOnlySubvolume, in: directory, name)
        }
        return try? DirectoryHandle(name, in: directory)
    }

    private func whole(_ directory: DirectoryHandle, _ name: [UInt8]) -> String { "\(path)/\(directory.path(of: name))" }

    private mutating func add(_ flags: InodeFlags, _ path: String) {
        if flags.contains(.immutable) {
            add(RemovalObstacle(.immutable, path))
        } else if flags.contains(.appendOnly) {
            add(RemovalObstacle(.appendOnly, path))
        }
    }

    private mutating func add(_ kind: RemovalObstacle.Kind, in directory: DirectoryHandle, _ name: [UInt8]) {
        add(RemovalObstacle(kind, whole(directory, name)))
    }

    /// Throws `refused` when there is an obstacle in one of the trees, and names them with what lifts them.
    package static func refuse(_ trees: [RemovalObstacles]) throws {
        let found = trees.flatMap(\.found)
        guard !found.isEmpty else { return }
        let count = trees.reduce(0) { $0 + $1.count }
        let named = found.prefix(shown).map { "\($0.path) (\($0.reason))" } + (count > shown ? ["\(count - shown) more"] : [])
        let remedies = found.prefix(shown).map(\.remedy) + (count > shown ? ["and so on"] : [])
        throw Failure(
            .refused,
            "nothing was removed, because \(counted(count, "entry", "entries")) could not be: \(named.joined(separator: ", "))",
            hint: remedies.joined(separator: "; "))
    }

    private static let shown = 20

    private mutating func add(_ obstacle: RemovalObstacle) {
        count += 1
        if found.count < Self.most { found.append(obstacle) }
    }
}
