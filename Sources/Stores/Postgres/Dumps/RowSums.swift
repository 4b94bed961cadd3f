import HostIO
import Synchronization

/// What the rows of images add up to, as far as it is known.
final class RowSums: Sendable {
    let key: RowKey
    private let images = Mutex<[String: RowSum]>([:])
    private let server = Mutex<[String: ReadBack]>([:])

    init(_ host: Host) { key = RowKey(from: host.random) }

    func note(_ sum: RowSum, of table: DumpedTable, in dump: DatabaseDump) {
        if let name = name(table, dump) { images.withLock { $0[name] = sum } }
    }

    func find(_ table: DumpedTable, in dump: DatabaseDump) -> RowSum? {
        name(table, dump).flatMap { name in images.withLock { $0[name] } }
    }

    /// What was read back of a table while it was loaded. The rows of a server change: what is noted is for one comparison, the next.
    func note(_ back: ReadBack, of table: DumpedTable, in dump: DatabaseDump) {
        if let name = name(table, dump) { server.withLock { $0[name] = back } }
    }

    func takeReadBack(_ table: DumpedTable, in dump: DatabaseDump) -> ReadBack? {
        name(table, dump).flatMap { name in server.withLock { $0.removeValue(forKey: name) } }
    }

    func forgetReadBack() { server.withLock { $0 = [:] } }

    private func name(_ table: DumpedTable, _ dump: DatabaseDump) -> String? { dump.identity.map { "\($0)/\(table.entry.number)" } }
}
