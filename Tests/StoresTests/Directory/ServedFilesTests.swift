import Archiving
import DirectoryStore
import Glibc
import HostIO
import Model
import StoreContract
import TestSupport
import Testing

/// Files of running servers, and of programs with a database of their own, inside of a directory store.
@Suite(.timeLimit(.minutes(3))) struct ServedFilesTests {
    private func store(_ path: String) -> DirectoryStore {
        DirectoryStore(
            StoreDeclaration(name: "files", kind: .directory, role: .content, path: path), nativeImageFolder: nil, host: .forTests())
    }

    /// What an image names of databases in use, and whether it may stand for the store.
    private func named(_ store: DirectoryStore, _ home: TemporaryDirectory, _ id: String) throws -> [String] {
        let request = CaptureRequest(imageID: id, nativeImageFolder: nil, scratch: try home.folder("scratch-\(id)"))
        let image = try store.image(of: try store.capture(request), job: JobControl())
        let notes = try ImageRepository().archive(image).outcome.summary.notes
        return notes.filter { $0.flaw == .inUse }.flatMap(\.first)
    }

    @Test(.enabled(if: PostgresServer.isInstalled))
    func
        `the data directory of a PostgreSQL server is named while it runs, and not when it was stopped or left a number that is another's`()
        throws
    {
        let home = try TemporaryDirectory()
        let server = try PostgresServer()
        let store = store(server.home)
        #expect(try store.open().notes.contains { $0.contains("data/postmaster.pid (PostgreSQL)") && $0.contains("postgres") })
        let running = try named(store, home, "a")
        #expect(running.count == 1 && running.first?.hasPrefix("data/postmaster.pid: ") == true, "\(running)")
        #expect(running.first?.contains("store of kind postgres") == true)
        try server.stop()
        #expect(try named(store, home, "b").isEmpty)
        try AtomicFile.write(Array("\(getpid())\n".utf8), to: Path.join(server.data, "postmaster.pid"))
        guard RunningProcess.seesAll else { return }
        #expect(try named(store, home, "c").isEmpty)
        #expect(try store.open().notes.isEmpty)
    }

    /// A kind of files: what lies there, and which of them a program locks.
    struct Kind: Sendable, CustomTestStringConvertible {
        var name: String
        var files: [String: [UInt8]]
        var locked: String
        var isShared = false

        var testDescription: String { name }
    }

    private static func zeros(_ count: Int, _ rest: [UInt8]) -> [UInt8] { [UInt8](repeating: 0, count: count) + rest }

    static let kinds = [
        Kind(name: "MariaDB", files: ["ibdata1": zeros(24, [0, 8] + zeros(100, []))], locked: "ibdata1"),
        Kind(name: "RocksDB", files: ["CURRENT": Array("MANIFEST-000005\n".utf8), "LOCK": []], locked: "LOCK"),
        Kind(
            name: "MongoDB", files: ["WiredTiger": Array("WiredTiger\nWiredTiger 10.0".utf8), "WiredTiger.lock": [1]],
            locked: "WiredTiger.lock"),
        Kind(name: "LMDB", files: ["data.mdb": zeros(16, [0xDE, 0xC0, 0xEF, 0xBE]), "lock.mdb": [1]], locked: "lock.mdb", isShared: true),
    ]

    @Test(.enabled(if: isInstalled("python3", package: "python3")), arguments: kinds)
    func `files that a program has locked are named, and neither those at rest nor such as have no more than their names`(kind: Kind) throws
    {
        let home = try TemporaryDirectory()
        let path = try home.folder("store")
        let folder = try home.folder("store/app")
        for (name, bytes) in kind.files { try AtomicFile.write(bytes, to: Path.join(folder, name)) }
        let store = store(path)
        #expect(try named(store, home, "rest").isEmpty)
        #expect(try store.open().notes.isEmpty)
        let locker = """
            import fcntl, sys
            f = open(sys.argv[1], 'r+b')
            fcntl.lockf(f, fcntl.\(kind.isShared ? "LOCK_SH" : "LOCK_EX"))
            """
        let holder = try HoldingProgram(locker, [Path.join(folder, kind.locked)])
        defer { holder.end() }
        let found = try named(store, home, "held")
        #expect(found.count == 1 && found.first?.hasPrefix("app/\(kind.locked): ") == true, "\(found)")
        #expect(try store.open().notes.contains { $0.contains("app/\(kind.locked) (") })
        for name in kind.files.keys where name != "LOCK" && !name.hasSuffix("lock") && name != "lock.mdb" {
            let file = try Descriptor.open(Path.join(folder, name), .write)
            try file.write(Array(repeating: UInt8(ascii: "x"), count: 60))
        }
        #expect(try named(store, home, "names").isEmpty)
    }
}
