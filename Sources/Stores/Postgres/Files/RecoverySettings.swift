import HostIO
import Model

/// Has a server that is started on a restored directory recover to the end of the image's log, and begin a time line of its own there: what
/// archives and standbys know of the old one stays apart from what comes now.
struct RecoverySettings {
    let directory: DataDirectory

    /// Settings of recovery in the server's configuration, which are meant for something else, must not steer this one
    /// (PostgreSQL, section "Recovery Target").
    private static let settings = [
        "restore_command = 'false'", "recovery_target_timeline = 'current'", "recovery_target = ''", "recovery_target_lsn = ''",
        "recovery_target_name = ''", "recovery_target_time = ''", "recovery_target_xid = ''", "recovery_end_command = ''",
        "archive_cleanup_command = ''",
    ]
    private static let begin = "# Holdfast: until the recovery from an image has ended"
    private static let end = "# Holdfast: end"

    private var file: String { directory.file("postgresql.auto.conf") }

    func write(ownedLike owner: FileStatus) throws {
        let lines = [Self.begin] + Self.settings + [Self.end]
        try write(ownText(try text()) + lines.joined(separator: "\n") + "\n", owner)
        try AtomicFile.write([], to: directory.file("recovery.signal"), mode: 0o600)
        try Descriptor.openDirectory(directory.path).setOwner(of: Array("recovery.signal".utf8), uid: owner.uid, gid: owner.gid)
    }

    func arePresent() throws -> Bool {
        let text = try text()
        return ownText(text) != text
    }

    /// Whether there were any.
    func remove(ownedLike owner: FileStatus) throws -> Bool {
        let now = try text()
        let own = ownText(now)
        guard own != now else { return false }
        try write(own, owner)
        return true
    }

    private func text() throws -> String {
        String(decoding: try directory.bytes(of: "postgresql.auto.conf", limit: 1 << 20) ?? [], as: UTF8.self)
    }

    /// Without these settings.
    private func ownText(_ text: String) -> String {
        guard let first = text.ranges(of: Self.begin + "\n").first, let last = text[first.upperBound...].ranges(of: Self.end + "\n").first
        else {
            return text
        }
        return String(text[..<first.lowerBound] + text[last.upperBound...])
    }

    private func write(_ text: String, _ owner: FileStatus) throws {
        try AtomicFile.write(Array(text.utf8), to: file, mode: 0o600)
        try Descriptor.openDirectory(directory.path).setOwner(of: Array("postgresql.auto.conf".utf8), uid: owner.uid, gid: owner.gid)
    }
}
