package import HostIO
import Model

/// Where other file systems are mounted, from `/proc/self/mountinfo` (proc(5)).
package enum MountPoints {
    /// Paths of the mount points below a directory, not the directory itself; bind mounts too.
    package static func inside(_ folder: borrowing Descriptor) throws -> [String] {
        let real = try realPath(of: folder)
        let table = String(decoding: try AtomicFile.read("/proc/self/mountinfo"), as: UTF8.self)
        return table.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 4 else { return nil }
            let place = unescaped(fields[4])
            return place != real && Path.isInside(place, real) ? place : nil
        }
    }

    private static func realPath(of folder: borrowing Descriptor) throws -> String {
        let links = try Descriptor.openDirectory("/proc/self/fd")
        return FileName.text(try links.readSymlink(Array("\(folder.raw)".utf8)))
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
