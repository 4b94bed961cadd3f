import Archiving
import HostIO
import Model

/// Files and bytes below a directory, and what an operator should know of them.
struct Census: Sendable {
    /// Whole paths, the first few.
    struct Findings: Sendable {
        private(set) var count = 0
        private(set) var paths: [String] = []

        mutating func add(_ path: String) {
            count += 1
            if paths.count < 3 { paths.append(path) }
        }

        var text: String { paths.joined(separator: ", ") + (count > paths.count ? " and \(count - paths.count) more" : "") }
    }

    private(set) var files: UInt64 = 0
    /// Without the root.
    private(set) var directories: UInt64 = 0
    private(set) var others: UInt64 = 0
    /// Logical.
    private(set) var bytes: UInt64 = 0
    /// Of them without holes, as far as blocks tell: small files may lie in their inodes.
    private(set) var dataBytes: UInt64 = 0
    private static let small: UInt64 = 4096
    /// Databases in use, with what they are.
    private(set) var databases = Findings()
    /// Mounts whose server does not answer.
    private(set) var silent = Findings()
    /// Entries with flags that are not kept.
    private(set) var flagged = Findings()

    /// Entries that a look at a store may cost: about a quarter of a second.
    static let quick = 100_000
    /// Levels of directories that it goes down, each an open descriptor.
    private static let depth = 200

    /// `isWhole` is false when there are more than `limit` entries, or directories nested beyond reason. What cannot be read is left out.
    init(of root: SharedDescriptor, limit: Int) throws {
        var left = limit
        isWhole = try add(root, try root.descriptor.entries(), &left, depth: Self.depth)
    }

    private(set) var isWhole = false

    /// False when the limit is reached.
    private mutating func add(_ folder: SharedDescriptor, _ entries: [DirectoryEntry], _ left: inout Int, depth: Int) throws -> Bool {
        guard depth > 0 else { return false }
        let crossing = try MountCrossing(of: folder.descriptor)
        for found in OpenDatabases.inUse(among: entries.map(\.name), in: folder.descriptor) {
            databases.add("\(whole(found.name, folder)) (\(found.kind))")
        }
        for entry in entries {
            left -= 1
            guard left >= 0 else { return false }
            guard let look = look(at: entry.name, in: folder, crossing) else { continue }
            if look.status.kind == .directory {
                directories += 1
                guard let below = try? SharedDescriptor(folder.descriptor.openDirectory(entry.name)),
                    let more = try? below.descriptor.entries()
                else { continue }
                guard try add(below, more, &left, depth: depth - 1) else { return false }
            } else if look.status.kind == .file {
                files += 1
                add(look.status)
            } else {
                others += 1
            }
        }
        return true
    }

    private mutating func add(_ file: FileStatus) {
        let size = UInt64(exactly: file.size) ?? 0
        bytes = bytes.addingSaturated(size)
        dataBytes = dataBytes.addingSaturated(size <= Self.small ? size : min(size, UInt64(exactly: file.allocated) ?? 0))
    }

    /// As an image of it would count.
    var held: HeldAmount {
        let entries = files.addingSaturated(directories).addingSaturated(others)
        return HeldAmount(entries: entries, bytes: isWhole ? bytes : nil, isMore: !isWhole)
    }

    private func whole(_ name: [UInt8], _ folder: SharedDescriptor) -> String { "\(folder.descriptor.path)/\(FileName.text(name))" }

    /// Nil for what is not looked into.
    private mutating func look(at name: [UInt8], in folder: SharedDescriptor, _ crossing: MountCrossing) -> EntryLook? {
        do throws(SystemError) {
            let look = try folder.descriptor.look(at: name)
            if look.flags.lock != nil { flagged.add(whole(name, folder)) }
            guard crossing.leads(toDevice: look.status.device, look.mount) else { return look }
            guard MountCrossing.kernelFileSystem(name, in: folder.descriptor, look.mount) != nil else { return look }
            if look.status.kind == .directory { directories += 1 }
            return nil
        } catch {
            if error.isUnreachable { silent.add("\(whole(name, folder)) (\(error.reason))") }
            return nil
        }
    }
}
