import CHost

/// Tells file systems apart over reboots and renumbered devices.
package enum FileSystemIdentity {
    /// `ext4 5bb1c3…`, `nfs4 server:/export`: of the file system that a path lies on, or would lie on. Numbers of devices are no part of it. Nil where the
    /// system does not tell.
    package static func of(_ path: String) throws -> String? {
        var place = path
        while place != "/", try statusOfPath(place)?.kind != .directory { place = Path.parent(place) }
        let folder = try Descriptor.openDirectory(place)
        let kind = try folder.fileSystemKind()
        if let id = try id(of: folder, kind) { return "\(kind.rawValue) \(id)" }
        return try mount(of: folder)
    }

    /// What was given to it when it was made.
    private static func id(of folder: borrowing Descriptor, _ kind: FileSystemKind) throws -> String? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let raw = folder.raw
        switch kind {
        case .btrfs: return holdfast_btrfs_id(raw, &bytes) == 0 ? hex(bytes) : nil
        case .xfs: return holdfast_xfs_id(raw, &bytes) == 0 ? hex(bytes) : nil
        case .ext4:
            // Made of its UUID (ext4_statfs).
            let id = holdfast_file_system_id(raw)
            return id == 0 ? nil : String(id, radix: 16)
        default: return nil
        }
    }

    /// Its kind and where it comes from, but for the name of a device, which the next start may give to another.
    private static func mount(of folder: borrowing Descriptor) throws -> String? {
        let facts = String(decoding: try AtomicFile.read("/proc/self/fdinfo/\(folder.raw)"), as: UTF8.self)
        let line = facts.split(separator: "\n").first { $0.hasPrefix("mnt_id:") }
        guard let number = line?.split(whereSeparator: \.isWhitespace).last else { return nil }
        let table = String(decoding: try AtomicFile.read("/proc/self/mountinfo", limit: 64 << 20), as: UTF8.self)
        return source(ofMount: String(number), in: table)
    }

    /// `table`: of proc(5), `/proc/PID/mountinfo`.
    static func source(ofMount number: String, in table: String) -> String? {
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.first.map(String.init) == number, let dash = fields.firstIndex(of: "-"), fields.count > dash + 2 else { continue }
            let (kind, source) = (String(fields[dash + 1]), String(fields[dash + 2]))
            return source.hasPrefix("/dev/") || source == "none" || source == kind ? kind : "\(kind) \(source)"
        }
        return nil
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
