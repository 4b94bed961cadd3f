import ResticFormat

extension Node {
    /// Whether owner, mode, modification time and attributes are those of `other`, as far as a restore can set them.
    func hasSameMetadata(as other: Node) -> Bool {
        guard uid == other.uid, gid == other.gid, mtime.isSameInstant(as: other.mtime) else { return false }
        if type != .symlink, FileMode.posixPermissions(mode) != FileMode.posixPermissions(other.mode) { return false }
        return hasSameAttributes(as: other)
    }

    private func hasSameAttributes(as other: Node) -> Bool {
        if extendedAttributes == other.extendedAttributes { return true }
        let sorted = { (node: Node) in node.restorableAttributes.sorted { Tree.areInOrder($0.name, $1.name) } }
        return sorted(self) == sorted(other)
    }

    /// Without what another of them says already.
    var restorableAttributes: [ExtendedAttribute] { extendedAttributes.filter { !ExtendedAttribute.isCopyOfACL($0.name) } }

    /// For entries that have neither files' content nor entries.
    func isSameSpecial(as other: Node) -> Bool {
        guard type == other.type else { return false }
        switch type {
        case .symlink: return linkTarget == other.linkTarget
        case .dev, .chardev: return device == other.device
        default: return true
        }
    }
}
