/// The release of the cluster's software as its operator calls it; compared as text.
package typealias Release = String

/// The rule that names of snapshots, backups, stores and targets follow: 1...44 characters out of ASCII letters, digits, `-`, `_`.
package enum NameRule {
    package static let maximumLength = 44

    package static func allows(_ name: String) -> Bool { complaint(about: name) == nil }

    /// What is wrong with it, after "is": "empty", "51 characters long; 44 are allowed".
    package static func complaint(about name: String) -> String? {
        if name.isEmpty { return "empty" }
        if let bad = name.unicodeScalars.first(where: { !isAllowed($0) }) {
            let shown = bad.value > 0x20 && bad.value < 0x7F ? "'\(bad)'" : "character U+\(String(bad.value, radix: 16, uppercase: true))"
            return "not a valid name because of \(shown)"
        }
        let length = name.unicodeScalars.count
        return length > maximumLength ? "\(length) characters long; at most \(maximumLength) are allowed" : nil
    }

    /// Throws a `usage` failure that says what the name is of (`what`: "snapshot").
    package static func check(_ name: String, of what: String) throws(Failure) {
        guard let complaint = complaint(about: name) else { return }
        throw Failure(
            .usage, "the \(what) name \"\(printable(name))\" is \(complaint)",
            hint: "use 1 to \(maximumLength) letters, digits, '-' and '_'")
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
        default: false
        }
    }
}

/// The name of a snapshot or of a backup.
package struct SnapshotName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// Refuses with a `usage` failure what ``NameRule`` does not allow.
    package init(_ text: String, of what: String = "snapshot") throws(Failure) {
        try NameRule.check(text, of: what)
        self.text = text
    }

    /// One that is known to follow the rule.
    init(known text: String) { self.text = text }

    package static func < (left: SnapshotName, right: SnapshotName) -> Bool { left.text < right.text }

    package var description: String { text }
}
