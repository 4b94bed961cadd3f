extension Timestamp {
    package init?(_ civil: CivilTime, nanoseconds: UInt32 = 0) {
        guard let seconds = civil.secondsSinceEpoch, nanoseconds < 1_000_000_000 else { return nil }
        self.init(seconds: seconds, nanoseconds: nanoseconds)
    }

    /// In UTC.
    package var civil: CivilTime { CivilTime(secondsSinceEpoch: seconds) }

    /// RFC 3339 in UTC with `Z`, fractions of a second only when there are any and without trailing zeros:
    /// `2026-11-23T17:50:00.25Z`.
    package var text: String {
        let civil = civil
        return "\(dateText(civil))T\(timeText(civil, separator: ":"))\(fractionText)Z"
    }

    /// For names: `20261123-175000`, in UTC.
    package var compact: String {
        let civil = civil
        return "\(padded(civil.year, 4))\(padded(civil.month, 2))\(padded(civil.day, 2))-\(timeText(civil, separator: ""))"
    }

    /// For people: `2026-11-23 17:50:00 UTC`.
    package var readable: String {
        let civil = civil
        return "\(dateText(civil)) \(timeText(civil, separator: ":")) UTC"
    }

    /// RFC 3339 with any zone; a space or a lower-case `t` may stand for the `T`; digits beyond nanoseconds are dropped. Nil
    /// for anything else, for dates that do not exist and for leap seconds.
    package init?(text: String) {
        var scanner = DigitScanner(text)
        guard let civil = scanner.civilTime(), let nanoseconds = scanner.fraction(), let offset = scanner.zoneOffset(), scanner.isAtEnd,
            let local = civil.secondsSinceEpoch
        else { return nil }
        self.init(seconds: local - offset, nanoseconds: nanoseconds)
    }

    private var fractionText: String {
        guard nanoseconds > 0 else { return "" }
        var digits = padded(nanoseconds, 9)
        while digits.hasSuffix("0") { digits.removeLast() }
        return "." + digits
    }

    private func dateText(_ civil: CivilTime) -> String { "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))" }

    private func timeText(_ civil: CivilTime, separator: String) -> String {
        [civil.hour, civil.minute, civil.second].map { padded($0, 2) }.joined(separator: separator)
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String { text }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(text: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not an RFC 3339 time")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// The number with zeros in front up to `width` digits; a minus sign stands before the zeros.
func padded(_ number: some BinaryInteger, _ width: Int) -> String {
    let digits = String(number.magnitude)
    return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// Reads the fixed-width fields of RFC 3339.
private struct DigitScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var isAtEnd: Bool { position == bytes.count }

    mutating func civilTime() -> CivilTime? {
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2), skip("Tt "), let hour = number(2),
            skip(":"), let minute = number(2), skip(":"), let second = number(2)
        else { return nil }
        return CivilTime(year: Int64(year), month: month, day: day, hour: hour, minute: minute, second: second)
    }

    mutating func fraction() -> UInt32? {
        guard skip(".") else { return 0 }
        var value: UInt32 = 0
        var count = 0
        while let digit = digit() {
            if count < 9 { value = value * 10 + UInt32(digit) }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 9)..<9 { value *= 10 }
        return value
    }

    /// Seconds east of UTC.
    mutating func zoneOffset() -> Int64? {
        if skip("Zz") { return 0 }
        let east = skip("+")
        guard east || skip("-"), let hours = number(2), hours < 24, skip(":"), let minutes = number(2), minutes < 60 else { return nil }
        let offset = Int64(hours * 3600 + minutes * 60)
        return east ? offset : -offset
    }

    private mutating func number(_ width: Int) -> Int? {
        var value = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    private mutating func digit() -> Int? {
        guard position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 else { return nil }
        position += 1
        return Int(bytes[position - 1]) - 0x30
    }

    private mutating func skip(_ any: String) -> Bool {
        guard position < bytes.count, any.utf8.contains(bytes[position]) else { return false }
        position += 1
        return true
    }
}
