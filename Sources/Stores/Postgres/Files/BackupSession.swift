import HostIO
import Model
import Synchronization

/// A base backup that a server knows of, from its start to the end of its session. When the session ends, however it ends, the server
/// forgets both the backup and the slot that keeps the log.
final class BackupSession: Sendable {
    /// What the server says at the end of a backup.
    struct Ending: Sendable {
        var stop: LogPosition
        /// The content of `backup_label`.
        var label: String
        var timeline: UInt32
    }

    let facts: ServerFacts
    let start: LogPosition
    private let connection: PostgresConnection

    /// Makes a temporary slot, so that the log from here on is kept, and begins a backup with an immediate checkpoint: seconds of writing,
    /// which keep nobody waiting.
    init(_ connection: PostgresConnection, _ facts: ServerFacts, label: String, host: Host) throws {
        self.connection = connection
        self.facts = facts
        let slot = "holdfast_\(host.randomHex(bytes: 6))"
        _ = try connection.text(
            "SELECT pg_create_physical_replication_slot($1, true, true)", [slot], as: "keep the write-ahead log (make a replication slot)")
        let begun = try connection.text("SELECT pg_backup_start($1, true)", [label], as: "begin a backup") ?? ""
        guard let start = LogPosition(parsing: begun) else {
            throw Failure(.internal, "\(connection.server): pg_backup_start gave \(begun)")
        }
        self.start = start
    }

    /// Ends the backup: milliseconds. Every transaction that has committed before is in an image of it, none that begins afterwards.
    func end() throws -> Ending {
        let row = try connection.rows("SELECT lsn, labelfile FROM pg_backup_stop(false)", as: "end the backup").first ?? []
        guard row.count == 2, let stop = LogPosition(parsing: row[0] ?? ""), let label = row[1],
            let timeline = label.split(separator: "\n").first(where: { $0.hasPrefix("START TIMELINE: ") }).flatMap({
                UInt32($0.dropFirst(16))
            })
        else { throw Failure(.internal, "\(connection.server): pg_backup_stop gave no position and label") }
        return Ending(stop: stop, label: label, timeline: timeline)
    }

    func close() { connection.close() }
}
