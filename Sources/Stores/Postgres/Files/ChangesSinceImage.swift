import HostIO
import Model

/// What a running server has changed since an image of it, told by its write-ahead log.
///
/// A server is the image's when it is on the time line of the image, or on one that was made by recovering from it: the history of that time
/// line names the exact place where the image's log ends.
enum ChangesSinceImage {
    case records(LogRecords)
    /// The log does not reach back so far, or is too long, or the server has another history.
    case unknown

    /// More of the log is not read: so much has changed that comparing the files is worth it.
    private static let mostLog: UInt64 = 64 << 20
    private static let mostOutput = 64 << 20

    static func find(
        _ connection: PostgresConnection, _ facts: ServerFacts, _ directory: DataDirectory, _ programs: ServerPrograms?,
        since origin: ImageOrigin
    ) throws -> ChangesSinceImage {
        guard let programs, let end = origin.end, facts.systemIdentifier == origin.systemIdentifier, !facts.isInRecovery else {
            return .unknown
        }
        guard try facts.timeline == end.timeline || fork(of: facts.timeline, from: end.timeline, directory) == end.position else {
            return .unknown
        }
        guard let text = try connection.text("SELECT pg_current_wal_flush_lsn()"), let now = LogPosition(parsing: text) else {
            return .unknown
        }
        guard now > end.position, now.bytes - end.position.bytes <= mostLog else { return .unknown }
        // pg_waldump waits five seconds for a file that is gone.
        let segments = LogSegments(timeline: facts.timeline, size: facts.segmentSize).names(from: end.position, to: now)
        for name in segments where try statusOfPath(directory.file("pg_wal/\(name)")) == nil { return .unknown }
        let dumped = try programs.shutIn("pg_waldump", on: ProgramFolder(directory.file("pg_wal")), outputLimit: mostOutput) { view in
            ["-p", view.folder, "-t", "\(facts.timeline)", "-s", end.position.description, "-e", now.description]
        }.run()
        guard dumped.succeeded, !dumped.truncated else { return .unknown }
        return .records(LogRecords(parsing: dumped.outputText))
    }

    /// Where a time line left the one that it was made from, if that is `parent` (a line each: parent, position, reason).
    private static func fork(of timeline: UInt32, from parent: UInt32, _ directory: DataDirectory) throws -> LogPosition? {
        let path = directory.file("pg_wal/\(LogSegments.historyName(timeline))")
        guard let bytes = try AtomicFile.readIfPresent(path, limit: 1 << 20) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
        guard let words = lines.last?.split(whereSeparator: \.isWhitespace), words.count >= 2, UInt32(words[0]) == parent else {
            return nil
        }
        return LogPosition(parsing: words[1])
    }
}
