/// A retention bucket: `3@2h` keeps one entry in each of the newest three intervals of two hours in which there is any.
package struct KeepRule: Hashable, Sendable {
    package static let mostOfOne = 1000

    /// 1 to ``mostOfOne``.
    package let count: Int
    package let interval: Period

    /// One that is known to be right.
    init(known count: Int, _ interval: Int64) {
        self.count = count
        self.interval = Period(known: interval)
    }

    /// Nil for a count out of range.
    package init?(_ count: Int, every interval: Period) {
        guard (1...Self.mostOfOne).contains(count) else { return nil }
        self.count = count
        self.interval = interval
    }

    /// Throws `usage`.
    package init(_ text: String) throws(Failure) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].allSatisfy({ $0.isASCII && $0.isNumber }), !parts[0].isEmpty else {
            throw Failure(
                .usage, "keep: \"\(printable(text))\" is not a rule",
                hint: "write how many, @ and the interval: 3@2h keeps one of each of the newest three intervals of two hours")
        }
        guard let count = Int(parts[0]), (1...Self.mostOfOne).contains(count) else {
            throw Failure(.usage, "keep: \(printable(text)) keeps too few or too many", hint: "a rule keeps 1 to \(Self.mostOfOne)")
        }
        self.count = count
        interval = try Period(String(parts[1]), for: "keep")
    }

    package var text: String { "\(count)@\(interval)" }
}

/// The rules of one policy, each for another interval.
package struct KeepRules: Hashable, Sendable {
    /// From the shortest interval to the longest; at least one.
    package let rules: [KeepRule]

    /// Those that are known to be right, in their order.
    init(known rules: [KeepRule]) { self.rules = rules }

    /// Throws `usage` for none, for two of one interval, and for more than `most` entries.
    package init(_ rules: [KeepRule], most: Int) throws(Failure) {
        guard !rules.isEmpty else {
            throw Failure(
                .usage, "keep: there is no rule", hint: "write at least one, such as 7@1d; disable a policy that is to do nothing")
        }
        self.rules = rules.sorted { $0.interval < $1.interval }
        for (rule, next) in zip(self.rules, self.rules.dropFirst()) where rule.interval == next.interval {
            throw Failure(.usage, "keep: \(rule.text) and \(next.text) are for the same interval", hint: "leave one of them out")
        }
        guard total <= most else {
            throw Failure(
                .usage, "keep: the rules keep up to \(total) at once", hint: "this policy keeps at most \(most); lower the counts")
        }
    }

    /// `3@2h,4@1d`; spaces do not matter.
    package init(_ text: String, most: Int) throws(Failure) {
        let parts = text.filter { $0 != " " }.split(separator: ",", omittingEmptySubsequences: false)
        var rules: [KeepRule] = []
        for part in parts { rules.append(try KeepRule(String(part))) }
        try self.init(rules, most: most)
    }

    /// Entries that can be kept at once, when none stands in two buckets.
    package var total: Int { rules.saturatedSum(\.count) }

    package var text: String { rules.map(\.text).joined(separator: ",") }

    /// How far back the rule that reaches farthest goes, in seconds.
    package var reach: Int64 { rules.map { Int64($0.count) * $0.interval.seconds }.max() ?? 0 }
}

/// As its text.
extension KeepRules: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do { try self.init(container.decode(String.self), most: .max) } catch let failure as Failure {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: failure.message)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
