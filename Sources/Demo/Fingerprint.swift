import Archiving
import HostIO
import RepositoryEngine
import ResticFormat
import SQLiteStore

/// A SHA-256 over everything that a restore has to bring back: names, types, permissions, modification times, contents.
enum Fingerprint {
    static func directory(_ path: String) throws -> String {
        let hasher = try Hasher256()
        hasher.begin()
        try add(LocalDirectory(path: path).root(), to: hasher)
        return hasher.finish(naming: BlobNamed.self).short
    }

    private static func add(_ directory: any SourceDirectory, to hasher: Hasher256) throws {
        for node in try directory.entries(IssueCollector()).sorted(by: { Tree.areInOrder($0.name, $1.name) }) {
            let line =
                "\(node.name) \(node.type) \(node.mode) \(node.size) \(node.type == .dir ? "" : node.mtime.rfc3339) \(node.linkTarget)\n"
            Array(line.utf8).withUnsafeBytes(hasher.update)
            if node.type == .dir { try add(try directory.directory(named: node.name), to: hasher) }
            if node.type == .file { try add(try directory.file(named: node.name), to: hasher) }
        }
    }

    private static func add(_ file: any SourceFile, to hasher: Hasher256) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        while case let count = try file.read(into: buffer), count > 0 { hasher.update(UnsafeRawBufferPointer(rebasing: buffer[0..<count])) }
    }

    /// Every row of every table, in order.
    static func database(_ path: String) throws -> String {
        let database = try SQLiteConnection(path: path)
        defer { database.close() }
        let hasher = try Hasher256()
        hasher.begin()
        for query in [
            "SELECT id, name || ' ' || balance FROM account ORDER BY id", "SELECT id, account || ' ' || amount FROM entry ORDER BY id",
        ] {
            try database.query(query) { row in
                Array("\(row.integer(0) ?? 0) \(row.text(1) ?? "")\n".utf8).withUnsafeBytes(hasher.update)
            }
        }
        return hasher.finish(naming: BlobNamed.self).short
    }

    /// One fingerprint a store, below `root`.
    static func stores(below root: String) throws -> [String: String] {
        [
            "accounts": try database("\(root)/accounts.db"), "uploads": try directory("\(root)/uploads"),
            "warehouse": try directory("\(root)/warehouse"),
        ]
    }
}
