import CSQLite
import HostIO

/// Zeroes what a database file, as a still one of our own, holds beside its content: free pages, and the free space of pages in use
/// (<https://sqlite.org/fileformat.html>, sections 1.5 and 1.6). For a file that cannot be rebuilt.
struct FreeSpaceScrub {
    private let file: SharedDescriptor
    private let pageSize: Int
    /// Without the bytes that are reserved at the end of each page.
    private let usable: Int

    /// Nobody has the database open; rollback journal and log are gone.
    init(of database: StagedDatabase) throws {
        file = SharedDescriptor(try Descriptor.open(database.path, .readWrite))
        let header = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 8)
        defer { header.deallocate() }
        guard try file.descriptor.read(into: header, at: 0) == 100 else { throw Self.damaged(database.path) }
        let page = Page(UnsafeRawBufferPointer(header))
        let size = page.word(16)
        pageSize = size == 1 ? 65_536 : size
        usable = pageSize - page.byte(20)
        guard pageSize >= 512, pageSize & (pageSize - 1) == 0, usable >= 480 else { throw Self.damaged(database.path) }
    }

    /// `connection` reads the same file and has no transaction open.
    func run(_ connection: SQLiteConnection, _ job: JobControl) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pageSize, alignment: 4096)
        defer { buffer.deallocate() }
        try connection.query("SELECT pageno, pagetype, unused FROM dbstat") { row in
            try job.checkCancelled()
            guard let number = row.integer(0), let kind = row.text(1), let unused = row.integer(2).flatMap({ Int(exactly: $0) }) else {
                return
            }
            try change(number, buffer) { page in
                if kind == "overflow" {
                    page.clear(from: usable - min(unused, usable - 4), to: usable)
                } else {
                    clearTreePage(page, first: number == 1)
                }
            }
        }
        try clearFreePages(buffer, job)
        try file.descriptor.sync()
    }

    private func change(_ number: Int64, _ buffer: UnsafeMutableRawBufferPointer, _ body: (MutablePage) throws -> Void) throws {
        let offset = (number - 1).multipliedReportingOverflow(by: Int64(pageSize))
        guard number > 0, !offset.overflow, try file.descriptor.read(into: buffer, at: offset.partialValue) == pageSize else { return }
        try body(MutablePage(buffer))
        try file.descriptor.write(UnsafeRawBufferPointer(buffer), at: offset.partialValue)
    }

    private func clearTreePage(_ page: MutablePage, first: Bool) {
        let start = first ? 100 : 0
        let isInterior = [2, 5].contains(page.byte(start))
        guard isInterior || [10, 13].contains(page.byte(start)) else { return }
        let cells = start + (isInterior ? 12 : 8) + 2 * page.word(start + 3)
        let content = page.word(start + 5) == 0 ? 65_536 : page.word(start + 5)
        if cells <= content, content <= usable { page.clear(from: cells, to: content) }
        var block = page.word(start + 1)
        while block >= content, block + 4 <= usable {
            let (next, size) = (page.word(block), page.word(block + 2))
            guard size >= 4, block + size <= usable else { return }
            page.clear(from: block + 4, to: block + size)
            guard next > block else { return }
            block = next
        }
    }

    /// From trunk to trunk; no more of them than the file has pages.
    private func clearFreePages(_ buffer: UnsafeMutableRawBufferPointer, _ job: JobControl) throws {
        var left = try file.descriptor.status().size / Int64(pageSize)
        var trunk: Int64 = 0
        try change(1, buffer) { trunk = Int64($0.long(32)) }
        while trunk > 1, left > 0 {
            try job.checkCancelled()
            left -= 1
            var (leaves, next): ([Int64], Int64) = ([], 0)
            try change(trunk, buffer) { page in
                next = Int64(page.long(0))
                let count = min(page.long(4), usable / 4 - 2)
                leaves = (0..<count).map { Int64(page.long(8 + 4 * $0)) }
                page.clear(from: 8 + 4 * count, to: usable)
            }
            for leaf in leaves where leaf > 1 { try change(leaf, buffer) { $0.clear(from: 0, to: usable) } }
            trunk = next
        }
    }

    private static func damaged(_ path: String) -> SQLiteError {
        SQLiteError(code: SQLITE_CORRUPT, message: "its header is not that of a database", path: path, operation: "clear the free space")
    }
}

/// Big-endian numbers in bytes; 0 past their end.
private struct Page {
    let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    func byte(_ offset: Int) -> Int { bytes.indices.contains(offset) ? Int(bytes[offset]) : 0 }
    func word(_ offset: Int) -> Int { byte(offset) << 8 | byte(offset + 1) }
    func long(_ offset: Int) -> Int { word(offset) << 16 | word(offset + 2) }
}

private struct MutablePage {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

    private var page: Page { Page(UnsafeRawBufferPointer(bytes)) }
    func byte(_ offset: Int) -> Int { page.byte(offset) }
    func word(_ offset: Int) -> Int { page.word(offset) }
    func long(_ offset: Int) -> Int { page.long(offset) }

    func clear(from: Int, to: Int) {
        guard from >= 0, from < to, to <= bytes.count else { return }
        for index in from..<to { bytes[index] = 0 }
    }
}
