/// When a policy runs: at every whole `every`, counted from Sunday midnight UTC (4 January 1970) and shifted by `offset`.
package struct Schedule: Hashable, Sendable, Codable {
    private static let anchor: Int64 = 3 * 86_400

    package let every: Period
    /// Seconds; less than `every`.
    package let offset: Int64

    /// One that begins with the period.
    package init(of every: Period) {
        self.every = every
        offset = 0
    }

    /// Throws `usage` for an offset that is not less than the period.
    package init(every: Period, offset: Int64) throws(Failure) {
        guard (0..<every.seconds).contains(offset) else {
            throw Failure(
                .usage, "offset: \(Period.text(ofSeconds: offset)) is not less than the period \(every)",
                hint: "the offset says how long after the beginning of each period the policy runs")
        }
        self.every = every
        self.offset = offset
    }

    package init(every: String, offset: String = "0") throws(Failure) {
        try self.init(
            every: Period(every, for: "every"), offset: Period.seconds(parsing: offset, for: "offset", in: 0...Period.longest))
    }

    private enum CodingKeys: CodingKey { case every, offset }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let text = try container.decode(String.self, forKey: .offset)
        do {
            let offset = try Period.seconds(parsing: text, for: "offset", in: 0...Period.longest)
            try self.init(every: container.decode(Period.self, forKey: .every), offset: offset)
        } catch let failure as Failure {
            throw DecodingError.dataCorruptedError(forKey: .offset, in: container, debugDescription: failure.message)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(every, forKey: .every)
        try container.encode(offsetText, forKey: .offset)
    }

    /// "every 2h", "every 1d at 2h".
    package var text: String { "every \(every)" + (offset == 0 ? "" : " at \(offsetText)") }

    package var offsetText: String { Period.text(ofSeconds: offset) }

    /// The same, of another period and offset where they are given. An offset that the new period has no room for has to be given anew.
    package func changed(every: String?, offset: String?) throws(Failure) -> Schedule {
        try Schedule(every: every ?? self.every.text, offset: offset ?? offsetText)
    }

    /// The number of the interval of `length` that an instant lies in, counted as the slots are.
    package func number(of instant: Timestamp, in length: Period) -> Int64 {
        let bound: Int64 = 1 << 53
        return (min(max(instant.seconds, -bound), bound) - Self.anchor - offset).dividedFloor(by: length.seconds).quotient
    }

    /// The last instant at or before `now` at which it runs.
    package func slot(atOrBefore now: Timestamp) -> Timestamp {
        Timestamp(seconds: number(of: now, in: every) * every.seconds + Self.anchor + offset)
    }

    package func slot(after instant: Timestamp) -> Timestamp { slot(atOrBefore: instant).adding(seconds: every.seconds) }
}
