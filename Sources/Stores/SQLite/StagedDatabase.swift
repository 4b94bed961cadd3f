import HostIO
import Model

/// A database file of our own: a copy, in a directory that holds nothing else.
struct StagedDatabase: Sendable {
    /// Absolute.
    let folder: String
    var name: String

    var path: String { Path.join(folder, name) }

    /// Makes the directory (mode 0700) in `parent`; the file comes later.
    init(in parent: String, called kind: String, name: String, host: Host) throws {
        folder = Path.join(parent, "\(kind)-\(host.randomHex(bytes: 6))")
        self.name = name
        try Descriptor.openDirectory(parent).makeDirectory(Array(Path.lastComponent(folder).utf8), mode: 0o700)
    }

    /// For a file that nobody else sees and that is made again after a crash: without journal and without waiting for the disk.
    func connect(_ access: SQLiteConnection.Access) throws -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path, access: access)
        try connection.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF")
        if access == .creating { try connection.execute("PRAGMA journal_mode = OFF") }
        return connection
    }

    func bytes() throws -> UInt64 {
        UInt64(exactly: try Descriptor.openDirectory(folder).status(of: Array(name.utf8)).size) ?? 0
    }

    /// Copies `source` here; see ``OnlineBackup``.
    func copy(_ source: SQLiteConnection, _ manner: OnlineBackup.Manner, job: JobControl) throws -> OnlineBackup.Outcome {
        let destination = try connect(.creating)
        defer { destination.close() }
        // A millisecond between steps lets a writer that polls for the lock have it.
        let outcome = try OnlineBackup(from: source, to: destination).run(manner, job: job, pause: { sleepThread(for: .milliseconds(1)) })
        try source.frozen?.checkUnchanged()
        return outcome
    }

    /// Frees the space now rather than with the scratch directory; what cannot be removed goes with that.
    func remove() {
        guard let parent = try? Descriptor.openDirectory(Path.parent(folder)) else { return }
        try? removeTree(Array(Path.lastComponent(folder).utf8), in: parent)
    }
}
