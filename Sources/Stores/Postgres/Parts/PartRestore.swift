import HostIO
import Model
import StoreContract

/// The way of one part from an image into the store's server.
protocol PartRestore: Sendable {
    var plan: StorePartPlan { get }
    var source: PartSource { get }

    func run(_ job: JobControl) throws -> StorePartOutcome
}

/// Names that are made from others: at most 63 bytes, as PostgreSQL has them (NAMEDATALEN).
enum PartNames {
    private static let most = 63

    /// `name` shortened so far that `suffix` has room behind it.
    static func join(_ name: String, _ suffix: String) -> String {
        var kept = name
        while ByteText.bytes(kept).count + ByteText.bytes(suffix).count > most, !kept.isEmpty { kept.removeLast() }
        return kept + suffix
    }

    /// Of an index or sequence of `table`, when that is renamed: `account_pkey` of `account` becomes `account_old_pkey` of `account_old`.
    static func follow(_ name: String, from table: String, to newTable: String) -> String {
        let rest = name.hasPrefix(table) ? String(name.dropFirst(table.count)) : "_\(name)"
        return join(newTable, join(rest, ""))
    }

    /// Throws `usage` for one that PostgreSQL would cut.
    static func check(_ name: String) throws(Failure) {
        guard !name.isEmpty, ByteText.bytes(name).count <= most, !name.utf8.contains(0) else {
            throw Failure(.usage, "\"\(printable(name))\" cannot be a name", hint: "a name has 1 to \(most) bytes")
        }
    }
}
