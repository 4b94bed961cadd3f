import HostIO

/// What a control file says of its server and its last checkpoint.
struct ControlFacts: Hashable {
    var systemIdentifier: UInt64
    /// Seconds since 1970 of the last change of the file.
    var changed: Int64
    var checkpoint: LogPosition
    /// Where recovery begins.
    var redo: LogPosition
    var timeline: UInt32

    /// The beginning of `ControlFileData` (pg_control.h), which is the same in PostgreSQL 11 and later. Nil for a file that is too short.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 52 else { return nil }
        func number<Number: FixedWidthInteger>(_ offset: Int, _: Number.Type) -> Number {
            bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
        }
        systemIdentifier = number(0, UInt64.self)
        changed = number(24, Int64.self)
        checkpoint = LogPosition(number(32, UInt64.self))
        redo = LogPosition(number(40, UInt64.self))
        timeline = number(48, UInt32.self)
    }

    /// Of the file that a running server has.
    init(of connection: PostgresConnection) throws {
        let row =
            try connection.rows(
                """
                SELECT s.system_identifier, extract(epoch FROM s.pg_control_last_modified)::bigint, c.checkpoint_lsn, c.redo_lsn, c.timeline_id
                FROM pg_control_system() s, pg_control_checkpoint() c
                """, as: "read the control file"
            ).first ?? []
        func text(_ index: Int) -> String { index < row.count ? row[index] ?? "" : "" }
        systemIdentifier = UInt64(text(0)) ?? 0
        changed = Int64(text(1)) ?? 0
        checkpoint = LogPosition(parsing: text(2)) ?? LogPosition(0)
        redo = LogPosition(parsing: text(3)) ?? LogPosition(0)
        timeline = UInt32(text(4)) ?? 0
    }
}
