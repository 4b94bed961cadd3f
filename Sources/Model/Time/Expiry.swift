/// When a snapshot or backup may be removed by itself.
package enum Expiry: Hashable, Sendable {
    case never
    case at(Timestamp)

    package init(_ instant: Timestamp?) { self = instant.map { .at($0) } ?? .never }

    package var instant: Timestamp? {
        switch self {
        case .never: nil
        case .at(let instant): instant
        }
    }
}

/// `never` or RFC 3339 text.
extension Expiry: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self = try container.decode(String.self) == "never" ? .never : .at(container.decode(Timestamp.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .never: try container.encode("never")
        case .at(let instant): try container.encode(instant)
        }
    }
}

/// A length of life as `--ttl` takes it: `7d`, `12h`, `30m`, `2w`, `never`.
package enum TimeToLive: Hashable, Sendable {
    case never
    case seconds(Int64)

    /// Throws a `usage` failure for anything else.
    package init(_ text: String) throws(Failure) {
        if text == "never" {
            self = .never
        } else if let milliseconds = DurationText.milliseconds(parsing: text) {
            self = .seconds(max(1, milliseconds / 1000))
        } else {
            throw Failure(
                .usage, "\"\(printable(text))\" is not a length of time",
                hint: "write a number and a unit, such as 30m, 12h, 7d or 2w, or never")
        }
    }

    package func expiry(from now: Timestamp) -> Expiry {
        switch self {
        case .never: .never
        case .seconds(let seconds): .at(now.adding(seconds: seconds))
        }
    }
}
