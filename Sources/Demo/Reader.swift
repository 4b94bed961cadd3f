import HostIO
import SQLiteStore
import Synchronization

/// An application that keeps reading while a snapshot is restored: every read must succeed and see one whole state, before or after.
final class Reader: Sendable {
    private final class Tally: Sendable {
        let reads = Atomic<Int>(0)
        let torn = Atomic<Int>(0)
    }

    /// One number for the whole state of the database.
    static let probe = "SELECT (SELECT count(*) FROM account) * 1000000 + (SELECT count(*) FROM entry WHERE amount = 0)"

    private let stop = StopFlag()
    private let tally = Tally()
    private let thread: WorkerThread

    /// `whole`: the states that may be seen.
    init(_ path: String, whole: Set<Int64>) throws {
        thread = try WorkerThread(named: "reader") { [stop, tally] in
            let database = try SQLiteConnection(path: path)
            defer { database.close() }
            while !stop.isSet {
                let state = try database.integer(Self.probe)
                if !whole.contains(state ?? -1) { tally.torn.add(1, ordering: .relaxed) }
                tally.reads.add(1, ordering: .relaxed)
            }
        }
    }

    /// Ends it; throws what went wrong in a read.
    func finish() throws -> (reads: Int, torn: Int) {
        stop.set()
        try thread.join()
        return (tally.reads.load(ordering: .relaxed), tally.torn.load(ordering: .relaxed))
    }
}
