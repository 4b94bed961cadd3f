import CHost
import Glibc
import HostIO
import ResticFormat

/// Sets owner, attributes, mode and times, in this order: a change of owner clears set-id bits and capabilities, and whatever else is
/// done changes the times. What cannot be set is told and the rest is set all the same.
struct EntryMetadata {
    let node: Node
    let tell: (String) -> Void

    /// The mode to make a file with that is given its metadata later: not wider than it will be.
    static func initialMode(of node: Node) -> UInt32 { node.extendedAttributes.isEmpty ? node.mode & FileMode.permissions : 0o600 }

    /// Of an open file or directory.
    func set(on descriptor: borrowing Descriptor) throws(SystemError) {
        let now = try descriptor.status()
        let mode = FileMode.posixPermissions(node.mode)
        let changesOwner = now.uid != node.uid || now.gid != node.gid
        if changesOwner {
            do throws(SystemError) { try descriptor.setOwner(uid: node.uid, gid: node.gid) } catch { try excuse(error, "owner") }
        }
        let changesAttributes = try setAttributes(on: descriptor)
        // Owner and ACLs may have changed it.
        if changesOwner || changesAttributes || now.permissions != mode {
            do throws(SystemError) { try descriptor.setMode(mode) } catch { try excuse(error, "mode") }
        }
        do throws(SystemError) { try descriptor.setTimes(accessed: node.atime.timestamp, modified: node.mtime.timestamp) } catch {
            try excuse(error, "times")
        }
    }

    /// Whether anything had to be changed.
    private func setAttributes(on descriptor: borrowing Descriptor) throws(SystemError) -> Bool {
        let wanted = node.extendedAttributes
        var changes = false
        do throws(SystemError) {
            for name in try descriptor.attributeNames() where !wanted.contains(where: { $0.name == name }) {
                changes = true
                do throws(SystemError) { try descriptor.removeAttribute(name) } catch {
                    try excuse(error, "attribute \(FileName.text(name))")
                }
            }
            for attribute in wanted where try descriptor.attribute(attribute.name) != attribute.value {
                changes = true
                do throws(SystemError) { try descriptor.setAttribute(attribute.name, attribute.value) } catch {
                    try excuse(error, "attribute \(FileName.text(attribute.name))")
                }
            }
        } catch { try excuse(error, "attributes") }
        return changes
    }

    /// Of the entry `name`, which may be of any type and is not followed when it is a symlink.
    func set(on name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
        do throws(SystemError) { try folder.setOwner(of: name, uid: node.uid, gid: node.gid) } catch { try excuse(error, "owner") }
        do throws(SystemError) {
            let wanted = node.extendedAttributes
            for present in try folder.attributeNames(of: name) where !wanted.contains(where: { $0.name == present }) {
                do throws(SystemError) { try folder.removeAttribute(present, of: name) } catch {
                    try excuse(error, "attribute \(FileName.text(present))")
                }
            }
            for attribute in wanted where try folder.attribute(attribute.name, of: name) != attribute.value {
                do throws(SystemError) { try folder.setAttribute(attribute.name, attribute.value, of: name) } catch {
                    try excuse(error, "attribute \(FileName.text(attribute.name))")
                }
            }
        } catch { try excuse(error, "attributes") }
        if node.type != .symlink {
            do throws(SystemError) { try setMode(of: name, in: folder) } catch { try excuse(error, "mode") }
        }
        do throws(SystemError) { try folder.setTimes(of: name, accessed: node.atime.timestamp, modified: node.mtime.timestamp) } catch {
            try excuse(error, "times")
        }
    }

    /// fchmodat(2) would follow a symlink that has taken the entry's place; the path of an O_PATH descriptor leads to what was opened.
    private func setMode(of name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
        let place = try folder.open(name, .place)
        let status = try place.status()
        guard status.kind != .symlink else { throw SystemError(ELOOP, "change mode of", place.path) }
        guard chmod("/proc/self/fd/\(place.raw)", FileMode.posixPermissions(node.mode)) == 0 else {
            throw SystemError(errno, "change mode of", place.path)
        }
    }

    /// Forbidden, impossible or gone: told. Anything else is the file system's failing and thrown.
    private func excuse(_ error: SystemError, _ what: String) throws(SystemError) {
        switch error.errno {
        case EPERM, EACCES, EOPNOTSUPP, EINVAL, ENOENT, ELOOP, ERANGE, E2BIG, ENODATA, ENOSYS: tell("\(what): \(error.reason)")
        default: throw error
        }
    }
}
