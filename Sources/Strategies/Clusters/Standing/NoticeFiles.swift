import Glibc
import HostIO
import Model

/// The files of Holdfast's own in one folder of a target, where others may write, too. Everything is reached from the target's descriptor, component by
/// component; the target's path itself may be a symbolic link, below it none is followed. Only plain files of bounded size are read.
struct NoticeFiles: Sendable {
    /// More names than this are somebody's doing.
    private static let mostNames = 10_000

    /// The path of the target.
    let target: String
    let components: [String]

    var path: String { ([target] + components).joined(separator: "/") }

    enum Found {
        case absent
        case bytes([UInt8], modified: Timestamp)
        /// Not a plain file, or too large: why.
        case strange(String)
    }

    /// The target, where a repository is: a share that is not mounted looks like an empty directory, and must not be taken for a target without epochs.
    private func root() throws -> SharedDescriptor {
        let missing = Failure(.storage, "there is no repository at \(target)", hint: "mount the disk or share, then run the command again")
        do throws(SystemError) {
            let root = SharedDescriptor(try Descriptor.openDirectory(target))
            if try root.descriptor.statusIfPresent(of: Array("config".utf8)) != nil { return root }
        } catch { guard error.isNotFound else { throw error } }
        throw missing
    }

    /// Nil when it is not there. Throws `damaged` when something else stands in its place.
    func open() throws -> SharedDescriptor? { try walk { folder, name throws(SystemError) in try folder.openPlainDirectory(name) } }

    /// Makes what is missing, as open to the group and to others as the target itself: the hosts need not have the same users.
    func make() throws -> SharedDescriptor {
        let modes = try modes()
        let made = try walk { folder, name throws(SystemError) in
            do throws(SystemError) { return try folder.openPlainDirectory(name) } catch { guard error.errno == ENOENT else { throw error } }
            do throws(SystemError) { try folder.makeSharedDirectory(name, mode: modes.directory) } catch {
                guard error.isExists else { throw error }
            }
            try folder.sync()
            return try folder.openPlainDirectory(name)
        }
        guard let made else { throw Failure(.storage, "\(path) was removed while it was made", hint: "run the command again") }
        return made
    }

    private func walk(_ step: (borrowing Descriptor, [UInt8]) throws(SystemError) -> Descriptor) throws -> SharedDescriptor? {
        var folder = try root()
        for component in components {
            do throws(SystemError) { folder = SharedDescriptor(try step(folder.descriptor, Array(component.utf8))) } catch {
                if error.errno == ENOENT { return nil }
                guard error.errno == ELOOP || error.errno == ENOTDIR else { throw error }
                throw Failure(
                    .damaged, "\(folder.descriptor.path)/\(component) is no plain directory, so nothing there counts",
                    hint: "find out who put it there, and remove it; only the target as a whole may be reached through a link",
                    cause: error.reason)
            }
        }
        return folder
    }

    /// Those that do not begin with a dot, without what disk boxes and desktops leave everywhere. `folder`: of ``open()``.
    func names(in folder: borrowing Descriptor) throws -> [String] {
        let names = try folder.entries().map { FileName.text($0.name) }.filter { !$0.hasPrefix(".") && !Litter.isOne($0) }
        guard names.count <= Self.mostNames else {
            throw Failure(
                .damaged, "\(path) holds \(grouped(names.count)) files, which no Holdfast wrote",
                hint: "find out who writes there, and remove all but the few that are Holdfast's")
        }
        return names
    }

    func read(_ name: String, in folder: borrowing Descriptor, limit: Int) throws -> Found {
        do throws(SystemError) {
            let file = try folder.openPlainFile(Array(name.utf8))
            let status = try file.status()
            guard status.size <= Int64(limit) else {
                return .strange("is larger than any of its kind (\(ByteCount(UInt64(clamping: status.size))))")
            }
            return .bytes(try file.readAll(limit: limit), modified: status.modified)
        } catch {
            switch error.errno {
            case ENOENT: return .absent
            case ELOOP, EISDIR, EMLINK: return .strange("is no plain file")
            case EFBIG: return .strange("is larger than any of its kind")
            default: throw error
            }
        }
    }

    /// Whether something has the name, whatever it is.
    func isTaken(_ name: String, in folder: borrowing Descriptor) throws -> Bool {
        try folder.statusIfPresent(of: Array(name.utf8)) != nil
    }

    /// Makes a new file, whole and durable; its directory entry is not synced.
    func fill(_ name: [UInt8], with bytes: [UInt8], in folder: borrowing Descriptor) throws {
        let mode = try modes().file
        let file = try folder.open(name, [.write, .createNew], mode: mode)
        try file.takeOwner(of: folder)
        try file.setModeWhereThereAreModes(mode)
        try file.write(bytes)
        try file.sync()
        try file.close()
    }

    /// Puts it in the place of what has the name.
    func replace(_ name: String, with bytes: [UInt8], in folder: borrowing Descriptor) throws {
        try AtomicFile.write(bytes, to: Array(name.utf8), in: folder, mode: try modes().file)
    }

    private func modes() throws -> (directory: UInt32, file: UInt32) {
        let permissions = (try statusOfPath(target)?.permissions ?? 0o700) & 0o777
        return (permissions | 0o700, permissions & 0o666 | 0o600)
    }
}
