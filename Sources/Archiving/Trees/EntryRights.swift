import HostIO
import Model
import ResticFormat

extension Node {
    /// What the entry lets others do, in words: "set-user-ID of 0", "block device 8:0", "security.capability"; nil for an ordinary one.
    var right: String? {
        if let device = deviceWords { return device }
        var words: [String] = []
        let mode = FileMode.posixPermissions(mode)
        if type == .file, mode & 0o4000 != 0 { words.append("set-user-ID of \(uid)") }
        if type == .file, mode & 0o2000 != 0 { words.append("set-group-ID of \(gid)") }
        words += extendedAttributes.filter(\.isPrivileged).map { FileName.text($0.name) }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    /// The same of what `other` does not let them do.
    func right(beyond other: Node) -> String? {
        guard let right else { return nil }
        let isSame =
            type == other.type && device == other.device && uid == other.uid && gid == other.gid
            && FileMode.posixPermissions(mode) & 0o6000 & ~FileMode.posixPermissions(other.mode) == 0
            && extendedAttributes.allSatisfy { !$0.isPrivileged || other.extendedAttributes.contains($0) }
        return isSame ? nil : right
    }

    /// Character device 0:0 is what overlay file systems put in place of a deleted entry; nothing can open it.
    var deviceWords: String? {
        guard type == .dev || type == .chardev, type == .dev || device != 0 else { return nil }
        let (major, minor) = DeviceNumber.parts(of: device)
        return "\(type == .dev ? "block" : "character") device \(major):\(minor)"
    }
}

extension ExtendedAttribute {
    var isPrivileged: Bool { Self.isPrivileged(name) }

    /// Whether a file with the attribute may do what its user may not, or only root can give it.
    static func isPrivileged(_ name: [UInt8]) -> Bool { name == capability || (name.starts(with: trusted) && !isCopyOfACL(name)) }

    /// XFS shows root each ACL a second time, in its own form. It follows from the other one, and means nothing elsewhere.
    static func isCopyOfACL(_ name: [UInt8]) -> Bool { name.starts(with: copyOfACL) }

    private static let capability = Array("security.capability".utf8)
    private static let copyOfACL = Array("trusted.SGI_ACL_".utf8)
    private static let trusted = Array("trusted.".utf8)
}

/// A device number as Linux has it in `st_rdev`.
enum DeviceNumber {
    static func parts(of device: UInt64) -> (major: UInt64, minor: UInt64) {
        ((device >> 8) & 0xFFF | (device >> 32) & 0xFFFF_F000, device & 0xFF | (device >> 12) & 0xFFFF_FF00)
    }
}

extension String {
    /// `name` below this path, for people; of a long path the end.
    func pathOf(_ name: [UInt8]) -> String {
        let text = FileName.text(name)
        if isEmpty { return text }
        return utf8.count > 2000 ? "…/\(text)" : "\(self)/\(text)"
    }
}
