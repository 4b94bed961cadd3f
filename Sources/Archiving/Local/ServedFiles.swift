import Glibc
import HostIO

/// Files that a running database server, or a program with a database of its own, works on. Headers say what they are; locks and working directories of
/// processes say whether a program has them.
enum ServedFiles {
    /// The entry that shows it, what it is, and what it has to begin with at which byte.
    private struct Mark {
        var name: String
        var kind: String
        /// An entry beside it by which it is known, and a piece of that.
        var proof: (name: String, offset: Int, bytes: [UInt8])
        var what: String
        var remedy = "stop the program for the cut by quiesce hooks, or let a hook dump it into the store"
    }

    /// All but PostgreSQL lock the named file as long as they run.
    private static let locked = [
        // The first page of the system tablespace: page 0, kind FSP_HDR, tablespace 0.
        Mark(
            name: "ibdata1", kind: "MariaDB or MySQL", proof: ("ibdata1", 24, [0, 8]),
            what: "the files of a MariaDB or MySQL server that runs",
            remedy: "dump it by a quiesce hook (mariadb-dump, mysqldump) and exclude its directory, or stop it for the cut"),
        Mark(
            name: "LOCK", kind: "LevelDB or RocksDB", proof: ("CURRENT", 0, Array("MANIFEST-".utf8)),
            what: "a LevelDB or RocksDB database that a program has open"),
        Mark(
            name: "WiredTiger.lock", kind: "WiredTiger", proof: ("WiredTiger", 0, Array("WiredTiger".utf8)),
            what: "the files of a MongoDB server that runs, or of another program with WiredTiger",
            remedy: "dump it by a quiesce hook (mongodump) and exclude its directory, or stop it for the cut"),
        Mark(
            name: "lock.mdb", kind: "LMDB", proof: ("data.mdb", 16, [0xDE, 0xC0, 0xEF, 0xBE]),
            what: "an LMDB database that a program has open",
            remedy: "let a hook copy it (mdb_copy), or stop the program for the cut"),
    ]

    private static let postmaster = "postmaster.pid"

    /// Entries by which they are known.
    static let names = locked.map(\.name) + [postmaster]

    static func found(among names: [[UInt8]], in folder: borrowing Descriptor) -> [OpenDatabases.Found] {
        var found: [OpenDatabases.Found] = []
        for mark in locked where names.contains(Array(mark.name.utf8)) {
            guard has(mark.proof.bytes, at: mark.proof.offset, of: mark.proof.name, in: folder), isLocked(mark.name, in: folder) else {
                continue
            }
            let detail = "\(mark.what); a copy of them is torn: \(mark.remedy)"
            found.append(.init(name: Array(mark.name.utf8), kind: mark.kind, detail: detail))
        }
        if names.contains(Array(postmaster.utf8)), isServedByPostgres(folder) {
            let detail =
                "the files of a PostgreSQL server that runs, or that was not stopped; a copy of them is torn: "
                + "declare it as a store of kind postgres and exclude its directory"
            found.append(.init(name: Array(postmaster.utf8), kind: "PostgreSQL", detail: detail))
        }
        return found
    }

    private static func has(_ bytes: [UInt8], at offset: Int, of name: String, in folder: borrowing Descriptor) -> Bool {
        read(name, in: folder, atMost: offset + bytes.count).map { $0.dropFirst(offset).elementsEqual(bytes) } ?? false
    }

    private static func read(_ name: String, in folder: borrowing Descriptor, atMost limit: Int) -> [UInt8]? {
        guard let file = plainFile(name, in: folder) else { return nil }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = bytes.withUnsafeMutableBytes { (try? file.read(into: $0, at: 0)) ?? 0 }
        return Array(bytes.prefix(count))
    }

    private static func plainFile(_ name: String, in folder: borrowing Descriptor) -> Descriptor? {
        let name = Array(name.utf8)
        guard let status = try? folder.status(of: name), status.kind == .file else { return nil }
        return try? folder.open(name, [.read, .nonBlocking])
    }

    /// Whether another process holds a lock on any of its bytes. Nothing of this process locks such files, so closing them here drops nothing.
    private static func isLocked(_ name: String, in folder: borrowing Descriptor) -> Bool {
        guard let file = plainFile(name, in: folder) else { return false }
        return file.isLockedByOthers()
    }

    /// A server works in its data directory. The number in its file means nothing in another namespace of processes: there it counts as running.
    private static func isServedByPostgres(_ folder: borrowing Descriptor) -> Bool {
        guard let version = read("PG_VERSION", in: folder, atMost: 2)?.first, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(version),
            let first = read(postmaster, in: folder, atMost: 20)?.split(separator: UInt8(ascii: "\n")).first
        else { return false }
        if !RunningProcess.seesAll { return true }
        let noted = Int32(String(decoding: first, as: UTF8.self)).map { [$0] } ?? []
        let candidates = noted + RunningProcess.called("postgres")
        return candidates.contains { RunningProcess.works($0, in: folder) ?? true }
    }
}
