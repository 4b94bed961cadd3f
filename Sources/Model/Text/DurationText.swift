/// Lengths of time as people read and write them.
package enum DurationText {
    /// For results: "0 ms", "12 ms", "0.8 s", "42 s", "4 minutes 12", "3 hours 5", "12 days 4 hours"; "unknown" when not finite.
    package static func spoken(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e12 else { return "unknown" }
        let seconds = max(0, seconds)
        if seconds < 0.0995 { return "\(Int((seconds * 1000).rounded())) ms" }
        if seconds < 9.95 { return "\(oneDecimal(seconds)) s" }
        let whole = Int(seconds.rounded())
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return parts(whole / 60, "minute", whole % 60)
        case ..<86_400: return parts(whole / 3600, "hour", whole % 3600 / 60)
        default:
            let hours = whole % 86_400 / 3600
            return counted(whole / 86_400, "day") + (hours > 0 ? " " + counted(hours, "hour") : "")
        }
    }

    /// Of an age, before the word "old": "42 s", "4 minutes 12 seconds", "1 hour 31 minutes", "12 days 4 hours".
    package static func age(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e12, seconds.rounded() >= 60 else { return spoken(seconds: seconds) }
        let whole = Int(seconds.rounded())
        let (large, unit, small, lesser) =
            switch whole {
            case ..<3600: (whole / 60, "minute", whole % 60, "second")
            case ..<86_400: (whole / 3600, "hour", whole % 3600 / 60, "minute")
            default: (whole / 86_400, "day", whole % 86_400 / 3600, "hour")
            }
        return counted(large, unit) + (small > 0 ? " " + counted(small, lesser) : "")
    }

    /// For tables, one unit rounded down: "45s", "12m", "5h", "3d", "2y"; at least "0s".
    package static func short(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e12 else { return "?" }
        let whole = Int(max(0, seconds))
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return "\(whole / 60)m"
        case ..<86_400: return "\(whole / 3600)h"
        case ..<(2 * 365 * 86_400): return "\(whole / 86_400)d"
        default: return "\(whole / (365 * 86_400))y"
        }
    }

    /// For narrow places where one unit says too little, rounded up in the second one: "45s", "8m59s", "1h59m", "3d4h".
    package static func compact(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e12 else { return "?" }
        let whole = Int(max(0, seconds).rounded(.up))
        func two(_ unit: Int, _ name: String, _ lesser: Int, _ lesserName: String) -> String {
            let count = (whole + lesser - 1) / lesser
            let (large, small) = (count / (unit / lesser), count % (unit / lesser))
            return "\(large)\(name)" + (small > 0 ? "\(small)\(lesserName)" : "")
        }
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return two(60, "m", 1, "s")
        case ..<86_400: return two(3600, "h", 60, "m")
        default: return two(86_400, "d", 3600, "h")
        }
    }

    /// For a clock in a progress line: "0:42", "12:05", "3:12:05".
    package static func clock(seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "-:--" }
        let whole = Int(max(0, seconds))
        let tail = "\(padded(whole % 60, 2))"
        return whole < 3600 ? "\(whole / 60):\(tail)" : "\(whole / 3600):\(padded(whole / 60 % 60, 2)):\(tail)"
    }

    /// Milliseconds out of "500ms", "5s", "30m", "12h", "7d", "2w", "1.5h"; nil for anything else, zero and below, and beyond a
    /// thousand years.
    package static func milliseconds(parsing text: String) -> Int64? {
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard let factor = factors[String(text.dropFirst(number.count))], let value = Double(number), value.isFinite else { return nil }
        let milliseconds = (value * factor).rounded()
        guard milliseconds >= 1, milliseconds <= 1000 * 366 * 86_400_000 else { return nil }
        return Int64(saturating: milliseconds)
    }

    private static let factors: [String: Double] = [
        "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000,
    ]

    private static func parts(_ count: Int, _ unit: String, _ rest: Int) -> String {
        counted(count, unit) + (rest > 0 ? " \(rest)" : "")
    }
}

/// "1 file", "3 files", "1,204 entries" with the plural given or made with an s.
package func counted(_ count: some BinaryInteger, _ singular: String, _ plural: String? = nil) -> String {
    "\(grouped(count)) \(count == 1 ? singular : plural ?? singular + "s")"
}

/// "a, b, c"; of more than `limit` the first, and how many more: "a, b and 1,204 more".
package func listed(_ names: [String], limit: Int = 12) -> String {
    guard names.count > limit else { return names.joined(separator: ", ") }
    return "\(names.prefix(limit).joined(separator: ", ")) and \(grouped(names.count - limit)) more"
}

/// Digits in groups of three: "1,204".
package func grouped(_ number: some BinaryInteger) -> String {
    var result = ""
    for (index, digit) in String(number.magnitude).reversed().enumerated() {
        if index > 0, index % 3 == 0 { result.append(",") }
        result.append(digit)
    }
    return (number < 0 ? "-" : "") + String(result.reversed())
}

/// How far an instant lies from now: "just now", "42s ago", "3h ago", "in 6d".
package func relativeAge(of instant: Timestamp, at now: Timestamp) -> String {
    let seconds = now.secondsSince(instant)
    if abs(seconds) < 1 { return "just now" }
    return seconds > 0 ? "\(DurationText.short(seconds: seconds)) ago" : "in \(DurationText.short(seconds: -seconds))"
}
