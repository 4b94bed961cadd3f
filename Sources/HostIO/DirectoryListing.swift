import CHost
import Glibc

package struct DirectoryEntry: Hashable, Sendable {
    package let name: [UInt8]
    package let inode: UInt64
    /// `unknown` on file systems that do not tell.
    package let kind: FileKind

    package init(name: [UInt8], inode: UInt64, kind: FileKind) {
        self.name = name
        self.inode = inode
        self.kind = kind
    }
}

extension Descriptor {
    /// All entries of this directory but `.` and `..`, in the file system's order. Moves the position: one caller at a time.
    package borrowing func entries() throws(SystemError) -> [DirectoryEntry] {
        try seek(to: 0)
        var entries: [DirectoryEntry] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
        defer { buffer.deallocate() }
        let raw = raw
        while true {
            let count = try checked("list", path) { holdfast_getdents(raw, buffer.baseAddress, buffer.count) }
            if count == 0 { return entries }
            Self.parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: &entries)
        }
    }

    /// Asks the file system for some entries, and throws when it does not answer. Moves the position.
    package borrowing func beginsToList() throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
        defer { buffer.deallocate() }
        let raw = raw
        try checked("list", path) { holdfast_getdents(raw, buffer.baseAddress, buffer.count) }
    }

    package borrowing func isEmptyDirectory() throws(SystemError) -> Bool { try entries().isEmpty }

    /// linux_dirent64 of getdents(2): inode 8, offset 8, record length 2, type 1, name with NUL.
    private static func parse(_ records: UnsafeRawBufferPointer, into entries: inout [DirectoryEntry]) {
        var start = 0
        while start + 19 < records.count {
            let length = Int(records.loadUnaligned(fromByteOffset: start + 16, as: UInt16.self))
            guard length > 19, start + length <= records.count else { return }
            let text = records[(start + 19)..<(start + length)]
            let name = Array(text.prefix { $0 != 0 })
            if FileName.isSound(name) {
                let inode = records.loadUnaligned(fromByteOffset: start, as: UInt64.self)
                entries.append(DirectoryEntry(name: name, inode: inode, kind: FileKind(entryType: records[start + 18])))
            }
            start += length
        }
    }
}
