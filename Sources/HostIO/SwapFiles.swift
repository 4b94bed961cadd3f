import Glibc

/// Files that the kernel swaps to, from `/proc/swaps` (proc(5)): they can neither be written, replaced nor removed.
package struct SwapFiles: Sendable {
    private struct File: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private let files: Set<File>

    package static let none = SwapFiles(files: [])
    private init(files: Set<File>) { self.files = files }

    /// None where the kernel tells none.
    package static func read() -> SwapFiles {
        guard let bytes = try? AtomicFile.read("/proc/swaps") else { return .none }
        let files = paths(in: String(decoding: bytes, as: UTF8.self)).compactMap { path -> File? in
            guard let status = try? statusOfPath(path), status.kind == .file else { return nil }
            return File(device: status.device, inode: status.inode)
        }
        return SwapFiles(files: Set(files))
    }

    /// Of the files in a table; partitions are left out.
    static func paths(in table: String) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count > 1, fields[1] == "file" else { return nil }
            return MountTable.unescaped(fields[0])
        }
    }

    package var isEmpty: Bool { files.isEmpty }
    package func contains(device: UInt64, inode: UInt64) -> Bool { files.contains(File(device: device, inode: inode)) }
}
