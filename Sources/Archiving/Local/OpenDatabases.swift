import Glibc
package import HostIO

/// Databases among the files of a directory that a program has open, or that were not closed cleanly: a copy of them, file by file, may be torn.
///
/// SQLite: with a write-ahead log beside them, or with a journal that a transaction has begun (sqlite.org, "Database File Format").
/// Others: ``ServedFiles``.
package enum OpenDatabases {
    package struct Found: Hashable, Sendable {
        /// The entry that shows it.
        package var name: [UInt8]
        /// What it is, in few words: "SQLite".
        package var kind: String
        /// What it is and what to do about it, to stand behind its path.
        package var detail: String
    }

    package static let detail = "a SQLite database that is in use; a copy of its files may be torn: declare it as a store of kind sqlite"

    private static let header = Array("SQLite format 3\0".utf8)
    private static let journalHeader: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
    private static let log = Array("-wal".utf8)
    private static let journal = Array("-journal".utf8)

    /// How what lies beside a database in use, or shows one, is called at its end.
    static let endings = [log, journal] + ServedFiles.names.map { Array($0.utf8) }

    /// The databases in a directory; `names`: of its entries, or of those alone that end in one of ``endings``.
    package static func inUse(among names: [[UInt8]], in folder: borrowing Descriptor) -> [Found] {
        let logs = names.filter { $0.count > log.count && $0.hasSuffix(log) }.map { Array($0.dropLast(log.count)) }
        let journals = names.filter { $0.count > journal.count && $0.hasSuffix(journal) }
            .filter { begins($0, in: folder, with: journalHeader) }.map { Array($0.dropLast(journal.count)) }
        var found = ServedFiles.found(among: names, in: folder)
        for name in Set(logs + journals) where begins(name, in: folder, with: header) {
            found.append(Found(name: name, kind: "SQLite", detail: detail))
        }
        return found.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// Whether the file of that name begins like a rollback journal that a transaction has begun and not ended.
    package static func isJournal(_ name: [UInt8], in folder: borrowing Descriptor) -> Bool {
        begins(name, in: folder, with: journalHeader)
    }

    /// Whether the open file begins like a database.
    static func isDatabase(_ file: Int32) -> Bool {
        var bytes = [UInt8](repeating: 0, count: header.count)
        return pread(file, &bytes, bytes.count, 0) == header.count && bytes == header
    }

    static func begins(_ name: [UInt8], in folder: borrowing Descriptor, with beginning: [UInt8]) -> Bool {
        guard let status = try? folder.status(of: name), status.kind == .file,
            let file = try? folder.open(name, [.read, .nonBlocking])
        else { return false }
        var bytes = [UInt8](repeating: 0, count: beginning.count)
        let count = bytes.withUnsafeMutableBytes { (try? file.read(into: $0, at: 0)) ?? 0 }
        return count == beginning.count && bytes == beginning
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ other: [UInt8]) -> Bool { suffix(other.count).elementsEqual(other) }
}
