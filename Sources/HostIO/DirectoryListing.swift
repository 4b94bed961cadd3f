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

    /// The names alone, in their byte order. Moves the position: one caller at a time.
    package borrowing func entryNames() throws(SystemError) -> EntryNames {
        try seek(to: 0)
        var names = EntryNames()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
        defer { buffer.deallocate() }
        let raw = raw
        while true {
            let count = try checked("list", path) { holdfast_getdents(raw, buffer.baseAddress, buffer.count) }
            if count == 0 { break }
            Self.forEachRecord(of: UnsafeRawBufferPointer(rebasing: buffer[..<count])) { record in names.add(record.name) }
        }
        names.sort()
        return names
    }

    /// Asks the file system for some entries, and throws when it does not answer. Moves the position.
    package borrowing func beginsToList() throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
        defer { buffer.deallocate() }
        let raw = raw
        try checked("list", path) { holdfast_getdents(raw, buffer.baseAddress, buffer.count) }
    }

    package borrowing func isEmptyDirectory() throws(SystemError) -> Bool { try entries().isEmpty }

    private static func parse(_ records: UnsafeRawBufferPointer, into entries: inout [DirectoryEntry]) {
        forEachRecord(of: records) { record in
            let name = Array(record.name)
            if FileName.isSound(name) {
                entries.append(DirectoryEntry(name: name, inode: record.inode, kind: FileKind(entryType: record.type)))
            }
        }
    }

    private struct Record {
        let name: UnsafeRawBufferPointer
        let inode: UInt64
        let type: UInt8
    }

    /// linux_dirent64 of getdents(2): inode 8, offset 8, record length 2, type 1, name with NUL.
    private static func forEachRecord(of records: UnsafeRawBufferPointer, _ body: (Record) -> Void) {
        var start = 0
        while start + 19 < records.count, let base = records.baseAddress {
            let length = Int(records.loadUnaligned(fromByteOffset: start + 16, as: UInt16.self))
            guard length > 19, start + length <= records.count else { return }
            let inode = records.loadUnaligned(fromByteOffset: start, as: UInt64.self)
            let text = base + start + 19
            let count = strnlen(text.assumingMemoryBound(to: CChar.self), length - 19)
            body(Record(name: UnsafeRawBufferPointer(start: text, count: count), inode: inode, type: records[start + 18]))
            start += length
        }
    }
}
