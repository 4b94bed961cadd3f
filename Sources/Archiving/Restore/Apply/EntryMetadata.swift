import CHost
import Glibc
import HostIO
import Model
import ResticFormat

/// Sets owner, attributes, mode and times, in this order: a change of owner clears set-id bits and capabilities, and whatever else is
/// done changes the times. What cannot be set is told and the rest is set all the same.
struct EntryMetadata {
    let node: Node
    let privileges: Privileges
    /// Whether an error, of something of so many bytes, is one of the place as a whole, which is thrown.
    let isOfPlace: (SystemError, UInt64) -> Bool
    let tell: (String) -> Void
    /// What the file system does to many entries alike, and by how many seconds.
    let note: (CommonLosses.Kind, Double) -> Void

    init(
        node: Node, _ privileges: Privileges, isOfPlace: @escaping (SystemError, UInt64) -> Bool, tell: @escaping (String) -> Void,
        note: @escaping (CommonLosses.Kind, Double) -> Void
    ) {
        self.privileges = privileges
        self.node = node
        self.isOfPlace = isOfPlace
        self.tell = tell
        self.note = note
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
        let mode = permissions(ownerIsSet, has: changesOwner ? 0 : now.permissions)
        var isModeTold = node.type == .symlink
        // Owner and ACLs may have changed it.
        if changesOwner || changesAttributes || now.permissions != mode {
            do throws(SystemError) { try descriptor.setMode(mode) } catch {
                try excuse(error, words(for: mode), descriptor)
                isModeTold = true
            }
        }
        do throws(SystemError) {
            try descriptor.setTimes(accessed: node.atime.timestamp, modified: node.mtime.timestamp)
            compare(try descriptor.status(), isModeTold ? nil : mode)
        } catch { try excuse(error, "times", descriptor) }
    }

    private var owner: String { "owner \(node.uid):\(node.gid)" }
    private func words(for mode: UInt32) -> String { "mode \(String(mode, radix: 8))" }

    /// With another owner than it had, set-id bits would give rights that nobody meant to give. `has`: the mode that it has for its owner.
    private func permissions(_ ownerIsSet: Bool, has present: UInt32) -> UInt32 {
        let mode = FileMode.posixPermissions(node.mode)
        guard mode & 0o6000 != 0, node.type == .file else { return mode }
        if !ownerIsSet {
            tell("set-id bits: left out, since it has another owner")
            return mode & ~0o6000
        }
        guard privileges == .leftOut, mode & 0o6000 & ~present != 0 else { return mode }
        tell("set-id bits: \(Self.needsWord)")
        return mode & ~(0o6000 & ~present)
    }

    static let needsWord = "left out without --privileged"

    /// Whether it is left out because it gives rights, and told.
    private func leavesOut(_ attribute: ExtendedAttribute) -> Bool {
        guard privileges == .leftOut, attribute.isPrivileged else { return false }
        tell("\(words(for: attribute.name)): \(Self.needsWord)")
        return true
    }

    /// Some file systems take a mode or a time, and keep another one.
    private func compare(_ status: FileStatus, _ mode: UInt32?) {
        if let mode, status.permissions != mode {
            tell("\(words(for: mode)): this file system keeps \(String(status.permissions, radix: 8))")
        }
        let difference = abs(status.modified.secondsSince(node.mtime.timestamp))
        guard difference >= 2 else {
            if status.modified != node.mtime.timestamp { note(.roundedTime, difference) }
            return
        }
        tell("time \(node.mtime.timestamp.text): this file system keeps \(status.modified.text)")
    }

    private func isExtra(_ name: [UInt8], _ wanted: [ExtendedAttribute]) -> Bool {
        !ExtendedAttribute.isCopyOfACL(name) && !wanted.contains { $0.name == name }
    }

    /// Whether anything had to be changed.
    private func setAttributes(on descriptor: borrowing Descriptor) throws(SystemError) -> Bool {
        let wanted = node.restorableAttributes
        var changes = false
        do throws(SystemError) {
            for name in try descriptor.attributeNames() where isExtra(name, wanted) {
                changes = true
                do throws(SystemError) { try descriptor.removeAttribute(name) } catch { try excuse(error, words(for: name), descriptor) }
            }
            for attribute in wanted where (try? descriptor.attribute(attribute.name)) != attribute.value && !leavesOut(attribute) {
                changes = true
                do throws(SystemError) { try descriptor.setAttribute(attribute.name, attribute.value) } catch {
                    try excuse(error, attribute, reason: descriptor.reason(for: error, at: nil))
                }
            }
        } catch { try excuse(error, "attributes", descriptor) }
        return changes
    }

    /// Of the entry `name`, which may be of any type and is not followed when it is a symlink. `followed`: what would be set on what it leads to.
    func set(on name: [UInt8], in folder: borrowing Descriptor, _ followed: LinkHandling.Followed) throws(SystemError) {
        let now = try folder.status(of: name)
        var ownerIsSet = true
        let changesOwner = now.uid != node.uid || now.gid != node.gid
        if changesOwner, followed.contains(.owner) {
            note(.linkOwner, 0)
        } else if changesOwner {
            do throws(SystemError) { try folder.setOwner(of: name, uid: node.uid, gid: node.gid) } catch {
                try excuse(error, owner, folder, name)
                ownerIsSet = false
            }
        }
        let changesAttributes = leavesOut(followed) ? false : try setAttributes(of: name, in: folder)
        let mode = permissions(ownerIsSet, has: changesOwner ? 0 : now.permissions)
        var isModeTold = node.type == .symlink
        if !isModeTold, changesOwner || changesAttributes || now.permissions != mode {
            do throws(SystemError) { try setMode(mode, of: name, in: folder) } catch {
                try excuse(error, words(for: mode), folder, name)
                isModeTold = true
            }
        }
        if followed.contains(.time) {
            if now.modified != node.mtime.timestamp { note(.linkTime, 0) }
            return
        }
        do throws(SystemError) {
            try folder.setTimes(of: name, accessed: node.atime.timestamp, modified: node.mtime.timestamp)
            compare(try folder.status(of: name), isModeTold ? nil : mode)
        } catch { try excuse(error, "times", folder, name) }
    }

    /// Whether the attributes are left out, of a link that has any told.
    private func leavesOut(_ followed: LinkHandling.Followed) -> Bool {
        guard followed.contains(.attributes) else { return false }
        if !node.restorableAttributes.isEmpty { note(.linkAttributes, 0) }
        return true
    }

    /// Whether anything had to be changed.
    private func setAttributes(of name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) -> Bool {
        let wanted = node.restorableAttributes
        var changes = false
        do throws(SystemError) {
            for present in try folder.attributeNames(of: name) where isExtra(present, wanted) {
                changes = true
                do throws(SystemError) { try folder.removeAttribute(present, of: name) } catch {
                    try excuse(error, words(for: present), folder, name)
                }
            }
            for attribute in wanted where (try? folder.attribute(attribute.name, of: name)) != attribute.value && !leavesOut(attribute) {
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
