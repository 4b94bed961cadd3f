import Glibc
import HostIO
import Model

/// All that can be told about a directory and what is below it, one line an entry, by a walk that shares nothing with the one under test.
/// Left out: inode numbers, change and access times. Links to one entry are told by the first of their paths.
enum TreePortrait {
    static func of(_ path: String) throws -> [String] {
        var lines: [String] = []
        var linked: [UInt64: String] = [:]
        try walk(try Descriptor.openDirectory(path), "", &lines, &linked)
        return lines
    }

    private static func walk(_ folder: borrowing Descriptor, _ prefix: String, _ lines: inout [String], _ linked: inout [UInt64: String])
        throws
    {
        let own = try folder.status()
        lines.append("\(prefix) \(facts(own)) \(try attributes(try folder.attributeNames()) { try folder.attribute($0) })")
        for entry in try folder.entries().sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
            let path = prefix + "/" + entry.name.map { $0 > 0x20 && $0 < 0x7F ? String(UnicodeScalar($0)) : "%\($0)" }.joined()
            let status = try folder.status(of: entry.name)
            if status.kind == .directory {
                try walk(try folder.openDirectory(entry.name), path, &lines, &linked)
                continue
            }
            let attributes = try attributes(try folder.attributeNames(of: entry.name)) { try folder.attribute($0, of: entry.name) }
            var line = "\(path) \(facts(status)) \(attributes)"
            switch status.kind {
            case .file:
                line += " \(status.size) \(checksum(try folder.open(entry.name, .read).readAll(limit: 1 << 30)))"
            case .symlink: line += " -> \(try folder.readSymlink(entry.name))"
            case .blockDevice, .characterDevice: line += " device \(status.representedDevice)"
            default: break
            }
            if status.links > 1 {
                line += " link of \(linked[status.inode, default: path])"
                linked[status.inode] = linked[status.inode] ?? path
            }
            lines.append(line)
        }
    }

    private static func facts(_ status: FileStatus) -> String {
        "\(String(status.mode, radix: 8)) \(status.uid):\(status.gid) \(status.modified.seconds).\(status.modified.nanoseconds)"
    }

    private static func attributes(_ names: [[UInt8]], _ value: ([UInt8]) throws -> [UInt8]?) rethrows -> String {
        let sorted = names.sorted { $0.lexicographicallyPrecedes($1) }
        return try sorted.map { "\(String(decoding: $0, as: UTF8.self))=\(try value($0) ?? [])" }.joined(separator: ",")
    }

    /// FNV-1a.
    private static func checksum(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBufferPointer { $0.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }
    }
}
