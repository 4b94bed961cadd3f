package import Model

/// A part of a directory's entries, in the order of their names' bytes.
package struct HDFSPage: Hashable, Sendable {
    package var entries: [HDFSFileStatus]
    /// How many entries follow.
    package var remaining: UInt64
}

extension HDFSClient {
    private static let listing = Operation.get("LISTSTATUS_BATCH", "list")

    /// Entries of a directory after the name `after`; as many as the NameNode gives at once (1,000 unless it is told otherwise). Of a
    /// file: one entry without a name.
    package func page(of path: HDFSPath, after: [UInt8] = []) throws(HDFSError) -> HDFSPage {
        let start = after.isEmpty ? nil : String(decoding: after, as: UTF8.self)
        let call = Call(Self.listing, path).with("startAfter", start)
        var page = HDFSPage(entries: [], remaining: 0)
        try readMembers(of: "DirectoryListing", in: call) { key, reader throws(MalformedAnswer) in
            switch key {
            case "partialListing": page.entries = try Self.statuses(&reader)
            case "remainingEntries": page.remaining = try reader.count()
            default: try reader.skip()
            }
        }
        return page
    }

    private static func statuses(_ reader: inout JSONReader) throws(MalformedAnswer) -> [HDFSFileStatus] {
        var list: [HDFSFileStatus] = []
        try reader.required("FileStatuses") { reader throws(MalformedAnswer) in
            try reader.required("FileStatus") { reader throws(MalformedAnswer) in
                try reader.array { reader throws(MalformedAnswer) in list.append(try HDFSFileStatus(&reader)) }
            }
        }
        return list
    }

    /// Runs `body` with each entry of a directory; one page of them is held at a time. Entries that come or go meanwhile may be missing
    /// or there.
    package func forEachEntry(of path: HDFSPath, _ body: (HDFSFileStatus) throws -> Void) throws {
        var pages = pages(of: path)
        while let page = try pages.next() { for entry in page { try body(entry) } }
    }

    package func pages(of path: HDFSPath) -> HDFSPages { HDFSPages(client: self, path: path) }

    /// All entries at once, for directories known to be small.
    package func entries(of path: HDFSPath) throws(HDFSError) -> [HDFSFileStatus] {
        var entries: [HDFSFileStatus] = []
        var pages = pages(of: path)
        while let page = try pages.next() { entries += page }
        return entries
    }
}

/// The entries of one directory, page by page. A value: a copy goes on where the original stood.
package struct HDFSPages: Sendable {
    private let client: HDFSClient
    package let path: HDFSPath
    private var last: [UInt8] = []
    /// Nothing follows the pages that were given.
    package private(set) var isAtEnd = false

    init(client: HDFSClient, path: HDFSPath) {
        self.client = client
        self.path = path
    }

    /// Nil at the end.
    package mutating func next() throws(HDFSError) -> [HDFSFileStatus]? {
        guard !isAtEnd else { return nil }
        let page = try client.page(of: path, after: last)
        isAtEnd = page.remaining == 0 || page.entries.isEmpty
        last = page.entries.last?.name ?? []
        return page.entries
    }
}
