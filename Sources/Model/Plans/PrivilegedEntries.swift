/// Entries that give rights to whoever uses them: set-user-ID and set-group-ID files, devices, capabilities, `trusted.*` attributes.
package struct PrivilegedEntries: Hashable, Sendable, Codable {
    /// Saturating.
    package private(set) var count: UInt64
    /// The first of them, as lines for people: "bin/su: set-user-ID of 0".
    package private(set) var first: [String]

    /// Names that are kept.
    package static let mostNamed = 10

    package init() { (count, first) = (0, []) }

    package var isEmpty: Bool { count == 0 }
    package var hasRoom: Bool { first.count < Self.mostNamed }

    /// `line` is asked for while there is room.
    package mutating func add(_ line: @autoclosure () -> String) {
        if hasRoom { first.append(line()) }
        count = count.addingSaturated(1)
    }

    /// The same number with other names.
    package func named(_ lines: [String]) -> PrivilegedEntries {
        var named = self
        named.first = Array(lines.prefix(Self.mostNamed))
        return named
    }

    /// More that are not named.
    package mutating func add(count more: UInt64) { count = count.addingSaturated(more) }

    /// What the plan of a restore says of them.
    package func warning(of store: String) -> String? {
        guard count > 0 else { return nil }
        let entries = count == 1 ? "1 entry gives" : "\(grouped(Int(clamping: count))) entries give"
        let more = count > UInt64(first.count) ? ", …" : ""
        return "\(store): \(entries) rights to whoever uses \(count == 1 ? "it" : "them"): "
            + first.map { printable($0, limit: 200) }.joined(separator: ", ") + more
            + "; with --yes alone these rights, and devices, are left out: --privileged restores them"
    }
}

/// Whether a restore gives entries the rights that ``PrivilegedEntries`` have.
package enum Privileges: String, Sendable, Codable {
    case restored
    /// Such entries come back without, devices not at all, and each is named.
    case leftOut
}
