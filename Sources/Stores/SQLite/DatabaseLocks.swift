import HostIO

/// Who keeps others from a database, by the bytes that SQLite locks (<https://sqlite.org/lockingv3.html>, <https://sqlite.org/walformat.html>, section 2.3).
struct DatabaseLocks: Hashable {
    /// Of the database file.
    var main: [HeldLock]
    /// Of the index of its log (`-shm`); nil where there is none.
    var index: [HeldLock]?

    private static let shared: ClosedRange<UInt64> = 0x4000_0002...0x4000_01FF
    /// The log's locks for writing, checkpoints, recovery and readers. The one after them only says that the index is in use.
    private static let log: ClosedRange<UInt64> = 120...127

    init(main: [HeldLock], index: [HeldLock]?) {
        self.main = main
        self.index = index
    }

    init(of files: DatabaseFiles) {
        let index = files.path + "-shm"
        main = HeldLock.find(onFileAt: files.path)
        self.index = ((try? files.status(suffix: "-shm")) ?? nil) == nil ? nil : HeldLock.find(onFileAt: index)
    }

    /// Whether a program is about to write, so that a journal is its own.
    var isBeingWritten: Bool { main.contains { $0.access == .write } }

    /// Numbers of the processes that a reader or writer waits for: those that write; else, without a log, those that read.
    var holders: [Int32] {
        let writers =
            Self.processes(main.filter { $0.access == .write })
            + Self.processes((index ?? []).filter { $0.access == .write && $0.range.overlaps(Self.log) })
        return Self.unique(writers.isEmpty && index == nil ? readers : writers)
    }

    /// Numbers of the processes that have it open (with a log) or read it (without).
    var readers: [Int32] { Self.unique(Self.processes(main.filter { $0.range.overlaps(Self.shared) })) }

    private static func processes(_ locks: [HeldLock]) -> [Int32] { locks.compactMap(\.process) }

    private static func unique(_ processes: [Int32]) -> [Int32] {
        processes.reduce(into: []) { found, process in if !found.contains(process) { found.append(process) } }
    }
}
