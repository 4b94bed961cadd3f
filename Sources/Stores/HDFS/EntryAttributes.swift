import Archiving
import Foundation
import HostIO
import Model
import ResticFormat
import WebHDFS

/// What HDFS knows of an entry and a node has no field for. It stands in an extended attribute of the node, so that it travels with the
/// entry: through every copy of the tree, and through a restore by restic to a local disk and back.
struct EntryAttributes: Hashable, Sendable, Codable {
    /// In the namespace that any user may write on a local disk.
    static let attributeName = Array("user.holdfast.hdfs".utf8)

    /// Of a file that is not erasure-coded.
    var replication: Int?
    /// Of a file, in bytes.
    var blockSize: UInt64?
    /// The name of the policy set on it.
    var storagePolicy: String?
    /// The name of the erasure coding policy in force.
    var erasureCoding: String?
    /// As HDFS writes them.
    var accessList: [String]?
    /// Of a directory: limits on names and on bytes.
    var nameQuota: UInt64?
    var spaceQuota: UInt64?
    /// Of a directory: snapshots of it are allowed.
    var isSnapshottable: Bool?

    var isEmpty: Bool { self == EntryAttributes() }

    /// With its keys in order: the same attributes are the same bytes.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    /// Those of a node: none for one that no HDFS store wrote. Throws when what stands there is not what one would have written.
    init(of node: Node) throws {
        self.init()
        guard let value = node.extendedAttributes.first(where: { $0.name == Self.attributeName })?.value else { return }
        do { self = try JSONDecoder().decode(Self.self, from: Data(value)) } catch {
            throw EntryError(.unreadable, path: FileName.text(node.name), detail: "its HDFS attributes cannot be read: \(error)")
        }
    }

    init() {}
}

extension Node {
    /// An entry of HDFS without its attributes. Owner and group have names there and no numbers: those are root's.
    init(_ status: HDFSFileStatus) {
        self.init(name: status.name, type: status.kind == .file ? .file : status.kind == .directory ? .dir : .symlink)
        let type: UInt32 = status.kind == .file ? 0o100000 : status.kind == .directory ? 0o040000 : 0o120000
        mode = FileMode.fromPOSIX(type | status.permission)
        mtime = NodeTime(milliseconds: status.modificationTime)
        (atime, ctime) = (mtime, mtime)
        (user, group) = (status.owner, status.group)
        inode = UInt64(clamping: status.fileID)
        links = 1
        if type == 0o100000 { size = status.length }
    }

    /// Of HDFS, for a restore: those of ours left out.
    var hdfsAttributes: [HDFSAttribute] {
        extendedAttributes.filter { $0.name != EntryAttributes.attributeName }.map {
            HDFSAttribute(name: String(decoding: $0.name, as: UTF8.self), value: $0.value)
        }
    }

    /// Milliseconds since 1970.
    var modificationMilliseconds: Int64 {
        let (seconds, overflow) = mtime.seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? 0 : seconds.addingSaturated(Int64(mtime.nanoseconds / 1_000_000))
    }
}

extension NodeTime {
    init(milliseconds: Int64) {
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let isBefore = rest < 0
        self.init(seconds: isBefore ? seconds - 1 : seconds, nanoseconds: UInt32(clamping: isBefore ? rest + 1000 : rest) * 1_000_000)
    }
}
