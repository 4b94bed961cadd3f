/// What is mounted where, as `/proc/self/mountinfo` says it (proc_pid_mountinfo(5)).
package struct MountTable: Sendable {
    /// A directory of a file system. Bind mounts and subvolumes of one file system share its device.
    package struct Position: Hashable, Sendable {
        /// Major and minor number: "8:1".
        package var device: String
        /// From the root of the file system.
        package var path: String

        /// Whether it is that directory or lies below it.
        package func isInside(_ outer: Position) -> Bool { device == outer.device && Path.isInside(path, outer.path) }
    }

    package struct Mount: Sendable {
        package var id: Int64
        /// Of what is seen at the mount point.
        package var root: Position
        package var point: String

        /// Where a directory that is reached through this mount lies in its file system. `real`: without symbolic links, at or below the mount point.
        func position(of real: String) -> Position? {
            guard Path.isInside(real, point) else { return nil }
            let rest = real.dropFirst(point == "/" ? 0 : point.utf8.count)
            return Position(device: root.device, path: root.path == "/" ? (rest.isEmpty ? "/" : String(rest)) : root.path + rest)
        }
    }

    package let mounts: [Mount]

    package init(parsing text: String) {
        mounts = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 4, let id = Int64(fields[0]) else { return nil }
            let root = Position(device: String(fields[2]), path: Self.unescaped(fields[3]))
            return Mount(id: id, root: root, point: Self.unescaped(fields[4]))
        }
    }

    package static func current() throws(SystemError) -> MountTable {
        MountTable(parsing: FileName.text(try AtomicFile.read("/proc/self/mountinfo")))
    }

    /// Space, tab, newline and backslash stand as three octal digits after a backslash.
    private static func unescaped(_ text: Substring) -> String {
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
        return FileName.text(bytes)
    }
}
