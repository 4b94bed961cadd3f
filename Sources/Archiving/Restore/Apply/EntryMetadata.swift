import CHost
import Glibc
import HostIO
import Model
import ResticFormat

/// Sets owner, attributes, mode and times, in this order: a change of owner clears set-id bits and capabilities, and whatever else is
/// done changes the times. What cannot be set is told and the rest is set all the same.
struct EntryMetadata {
    let node: Node
    /// Whether an error, of something of so many bytes, is one of the place as a whole, which is thrown.
    let isOfPlace: (SystemError, UInt64) -> Bool
    let tell: (String) -> Void

    init(node: Node, isOfPlace: @escaping (SystemError, UInt64) -> Bool, tell: @escaping (String) -> Void) {
        self.node = node
        self.isOfPlace = isOfPlace
        self.tell = tell
    }

    /// The mode to make a file with that is given its metadata later: not wider than it will be.
    static func initialMode(of node: Node) -> UInt32 { node.extendedAttributes.isEmpty ? node.mode & FileMode.permissions : 0o600 }

    /// Of an open file or directory.
    func set(on descriptor: borrowing Descriptor) throws(SystemError) {
        let now = try descriptor.status()
        let changesOwner = now.uid != node.uid || now.gid != node.gid
        var ownerIsSet = true
        if changesOwner {
            do throws(SystemError) { try descriptor.setOwner(uid: node.uid, gid: node.gid) } catch {
                try excuse(error, owner, descriptor)
                ownerIsSet = false
            }
        }
        let changesAttributes = try setAttributes(on: descriptor)
        let mode = permissions(ownerIsSet)
        // Owner and ACLs may have changed it.
        if changesOwner || changesAttributes || now.permissions != mode {
            do throws(SystemError) { try descriptor.setMode(mode) } catch { try excuse(error, words(for: mode), descriptor) }
        }
        do throws(SystemError) {
            try descriptor.setTimes(accessed: node.atime.timestamp, modified: node.mtime.timestamp)
            if isUnusualTime { compareTimes(try descriptor.status()) }
        } catch { try excuse(error, "times", descriptor) }
    }

    private var owner: String { "owner \(node.uid):\(node.gid)" }
    private func words(for mode: UInt32) -> String { "mode \(String(mode, radix: 8))" }

    /// With another owner than it had, set-id bits would give rights that nobody meant to give.
    private func permissions(_ ownerIsSet: Bool) -> UInt32 {
        let mode = FileMode.posixPermissions(node.mode)
        guard !ownerIsSet, mode & 0o6000 != 0, node.type == .file else { return mode }
        tell("set-id bits: left out, since it has another owner")
        return mode & ~0o6000
    }

    /// One that not every file system can keep.
    private var isUnusualTime: Bool { node.mtime.seconds < 0 || node.mtime.seconds > Int64(Int32.max) }

    /// Some file systems bring times into the range that they have.
    private func compareTimes(_ status: FileStatus) {
        guard abs(status.modified.secondsSince(node.mtime.timestamp)) >= 2 else { return }
        tell("time \(node.mtime.timestamp.text): this file system keeps \(status.modified.text)")
    }

    /// Whether anything had to be changed.
    private func setAttributes(on descriptor: borrowing Descriptor) throws(SystemError) -> Bool {
        let wanted = node.extendedAttributes
        var changes = false
        do throws(SystemError) {
            for name in try descriptor.attributeNames() where !wanted.contains(where: { $0.name == name }) {
                changes = true
                do throws(SystemError) { try descriptor.removeAttribute(name) } catch { try excuse(error, words(for: name), descriptor) }
            }
            for attribute in wanted where (try? descriptor.attribute(attribute.name)) != attribute.value {
                changes = true
                do throws(SystemError) { try descriptor.setAttribute(attribute.name, attribute.value) } catch {
                    try excuse(error, attribute, reason: descriptor.reason(for: error, at: nil))
                }
            }
        } catch { try excuse(error, "attributes", descriptor) }
        return changes
    }

    /// Of the entry `name`, which may be of any type and is not followed when it is a symlink.
    func set(on name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
        let now = try folder.status(of: name)
        var ownerIsSet = true
        let changesOwner = now.uid != node.uid || now.gid != node.gid
        if changesOwner {
            do throws(SystemError) { try folder.setOwner(of: name, uid: node.uid, gid: node.gid) } catch {
                try excuse(error, owner, folder, name)
                ownerIsSet = false
            }
        }
        let changesAttributes = try setAttributes(of: name, in: folder)
        let mode = permissions(ownerIsSet)
        if node.type != .symlink, changesOwner || changesAttributes || now.permissions != mode {
            do throws(SystemError) { try setMode(mode, of: name, in: folder) } catch { try excuse(error, words(for: mode), folder, name) }
        }
        do throws(SystemError) {
            try folder.setTimes(of: name, accessed: node.atime.timestamp, modified: node.mtime.timestamp)
            if isUnusualTime { compareTimes(try folder.status(of: name)) }
        } catch { try excuse(error, "times", folder, name) }
    }

    /// Whether anything had to be changed.
    private func setAttributes(of name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) -> Bool {
        let wanted = node.extendedAttributes
        var changes = false
        do throws(SystemError) {
            for present in try folder.attributeNames(of: name) where !wanted.contains(where: { $0.name == present }) {
                changes = true
                do throws(SystemError) { try folder.removeAttribute(present, of: name) } catch {
                    try excuse(error, words(for: present), folder, name)
                }
            }
            for attribute in wanted where (try? folder.attribute(attribute.name, of: name)) != attribute.value {
                changes = true
                do throws(SystemError) { try folder.setAttribute(attribute.name, attribute.value, of: name) } catch {
                    try excuse(error, attribute, reason: folder.reason(for: error, at: name))
                }
            }
        } catch { try excuse(error, "attributes", folder, name) }
        return changes
    }

    /// fchmodat(2) would follow a symlink that has taken the entry's place; the path of an O_PATH descriptor leads to what was opened.
    private func setMode(_ mode: UInt32, of name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) {
        let place = try folder.open(name, .place)
        let status = try place.status()
        guard status.kind != .symlink else { throw SystemError(ELOOP, "change mode of", place.path) }
        guard chmod("/proc/self/fd/\(place.raw)", mode) == 0 else { throw SystemError(errno, "change mode of", place.path) }
    }

    // MARK: What could not be set

    private func words(for attribute: [UInt8]) -> String { "attribute \(FileName.text(attribute))" }

    private func excuse(_ error: SystemError, _ attribute: ExtendedAttribute, reason: String) throws(SystemError) {
        let isAboutSize = [E2BIG, ERANGE, ENOSPC].contains(error.errno)
        let words = isAboutSize ? "\(attribute.value.count) bytes are too many for this file system" : reason
        try excuse(error, "\(self.words(for: attribute.name)): \(words)", needing: UInt64(attribute.value.count))
    }

    /// `name`: of an entry of what `place` is; nil: of that itself.
    private func excuse(
        _ error: SystemError, _ what: String, _ place: borrowing Descriptor, _ name: [UInt8]? = nil
    ) throws(SystemError) {
        try excuse(error, "\(what): \(place.reason(for: error, at: name))", needing: 4096)
    }

    private func excuse(_ error: SystemError, _ text: String, needing bytes: UInt64) throws(SystemError) {
        guard !isOfPlace(error, bytes) else { throw error }
        tell(text)
    }
}
