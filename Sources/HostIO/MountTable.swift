import Glibc
import Model

/// The mounts of this process, from `/proc/self/mountinfo` (proc(5)).
package struct MountTable: Sendable {
    package struct Mount: Hashable, Sendable {
        /// As statx(2) gives it.
        package var id: Int64
        package var place: String
        /// `ext4`, `nfs4`, `fuse.sshfs`.
        package var kind: String
        /// `/dev/vda1`, `server:/export`, `user@host:/srv`.
        package var source: String
        /// What is seen at ``place``.
        package var root: MountPosition
    }

    /// In the order in which they were mounted.
    package let mounts: [Mount]

    package static func read() throws(SystemError) -> MountTable {
        MountTable(table: String(decoding: try AtomicFile.read("/proc/self/mountinfo"), as: UTF8.self))
    }

    package init(table: String) {
        mounts = table.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 6, let id = Int64(fields[0]), let dash = fields.firstIndex(of: "-"), fields.count > dash + 2 else {
                return nil
            }
            let root = MountPosition(device: String(fields[2]), path: Self.unescaped(fields[3]))
            return Mount(
                id: id, place: Self.unescaped(fields[4]), kind: String(fields[dash + 1]), source: Self.unescaped(fields[dash + 2]),
                root: root)
        }
    }

    package func mount(_ id: Int64) -> Mount? { mounts.first { $0.id == id } }

    /// The mount that an open descriptor lies on, whatever paths lead there; nil where the kernel does not say.
    static func mount(under descriptor: borrowing Descriptor) throws(SystemError) -> Mount? {
        let facts = String(decoding: try AtomicFile.read("/proc/self/fdinfo/\(descriptor.raw)"), as: UTF8.self)
        let line = facts.split(separator: "\n").first { $0.hasPrefix("mnt_id:") }
        guard let number = line?.split(whereSeparator: \.isWhitespace).last, let id = Int64(number) else { return nil }
        return try read().mount(id)
    }

    /// Mounts below the directory, not on the directory itself; bind mounts too.
    package func inside(_ directory: String) -> [Mount] {
        mounts.filter { $0.place != directory && Path.isInside($0.place, directory) }
    }

    /// Space, tab, newline and backslash stand as three octal digits after a backslash.
    static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3, let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
