import Glibc
import HostIO
import Model

/// Owner, mode, times and extended attributes of a database file, read and set without opening it; see ``SQLiteConnection``.
struct FileMetadata: Hashable {
    var uid: UInt32
    var gid: UInt32
    var permissions: UInt32
    var accessed: Timestamp
    var modified: Timestamp
    var attributes: [[UInt8]: [UInt8]]

    init(ofFileAt path: String) throws {
        let folder = try Descriptor.openDirectory(Path.parent(path))
        let name = Array(Path.lastComponent(path).utf8)
        let status = try folder.status(of: name)
        uid = status.uid
        gid = status.gid
        permissions = status.permissions
        accessed = status.accessed
        modified = status.modified
        attributes = [:]
        for attribute in try folder.attributeNames(of: name) { attributes[attribute] = try folder.attribute(attribute, of: name) }
    }

    /// The database's own, with the time of its newest change.
    init(of files: DatabaseFiles) throws {
        try self.init(ofFileAt: files.path)
        modified = try files.newestChange() ?? modified
    }

    /// Whether both are the same but for the times.
    func isLike(_ other: FileMetadata) -> Bool {
        uid == other.uid && gid == other.gid && permissions == other.permissions && attributes == other.attributes
    }

    /// Sets what differs. What could not be set, in words: an owner without privilege, attributes where there are none or that are too large.
    @discardableResult
    func apply(toFileAt path: String, withTimes: Bool) throws -> [String] {
        let folder = SharedDescriptor(try Descriptor.openDirectory(Path.parent(path)))
        let name = Array(Path.lastComponent(path).utf8)
        let present = try FileMetadata(ofFileAt: path)
        var steps: [Step] = []
        if present.uid != uid || present.gid != gid { steps.append(.owner) }
        steps += present.attributes.keys.filter { attributes[$0] == nil }.map { .attribute($0, nil) }
        steps += attributes.filter { present.attributes[$0.key] != $0.value }.map { .attribute($0.key, $0.value) }
        // After the owner, whose change clears set-id bits, and after ACLs, which share bits with it.
        steps.append(.mode)
        if withTimes { steps.append(.times) }
        var refused: [String] = []
        for step in steps {
            do { try perform(step, on: name, in: folder) } catch let error as SystemError {
                // What concerns the file system as a whole has been found out when the content was written.
                guard ![EIO, EROFS, ENOENT].contains(error.errno), !error.isUnreachable else { throw error }
                refused.append("\(words(for: step)): \(folder.descriptor.reason(for: error, at: name))")
            }
        }
        return refused
    }

    private enum Step {
        case owner, mode, times
        /// Nil: to be removed.
        case attribute([UInt8], [UInt8]?)
    }

    private func words(for step: Step) -> String {
        switch step {
        case .owner: "owner \(uid):\(gid)"
        case .mode: "mode \(String(permissions, radix: 8))"
        case .times: "times"
        case .attribute(let name, _): "attribute \(FileName.text(name))"
        }
    }

    private func perform(_ step: Step, on name: [UInt8], in folder: SharedDescriptor) throws {
        switch step {
        case .owner: try folder.descriptor.setOwner(of: name, uid: uid, gid: gid)
        case .mode: try folder.descriptor.setMode(of: name, permissions)
        case .times: try folder.descriptor.setTimes(of: name, accessed: accessed, modified: modified)
        case .attribute(let attribute, nil): try folder.descriptor.removeAttribute(attribute, of: name)
        case .attribute(let attribute, let value?): try folder.descriptor.setAttribute(attribute, value, of: name)
        }
    }
}
