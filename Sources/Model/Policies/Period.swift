/// A length of time as policies are written in it: a whole number of seconds, minutes, hours, days or weeks (`15m`, `2h`, `1d`, `1w`).
package struct Period: Hashable, Comparable, Sendable {
    /// Ten years.
    package static let longest: Int64 = 10 * 366 * 86_400

    /// 1 to ``longest``.
    package let seconds: Int64

    /// Nil beyond that range.
    package init?(seconds: Int64) {
        guard (1...Self.longest).contains(seconds) else { return nil }
        self.seconds = seconds
    }

    /// One that is known to lie in the range.
    init(known seconds: Int64) { self.seconds = seconds }

    /// Throws a `usage` failure that begins with what it is for (`what`: "every").
    package init(_ text: String, for what: String) throws(Failure) {
        seconds = try Self.seconds(parsing: text, for: what, in: 1...Self.longest)
    }

    /// In the largest unit that it is a whole number of.
    package var text: String { Self.text(ofSeconds: seconds) }

    package static func < (left: Period, right: Period) -> Bool { left.seconds < right.seconds }

    private static let units: [(name: Character, seconds: Int64)] = [("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    static func text(ofSeconds seconds: Int64) -> String {
        let unit = units.first { seconds != 0 && seconds % $0.seconds == 0 } ?? ("s", 1)
        return "\(seconds / unit.seconds)\(unit.name)"
    }

    /// Of `--wait`, from nothing to a week.
    package static func seconds(waiting text: String) throws(Failure) -> Int64 { try seconds(parsing: text, for: "wait", in: 0...604_800) }

    /// A number and a unit; a zero needs none.
    static func seconds(parsing text: String, for what: String, in range: ClosedRange<Int64>) throws(Failure) -> Int64 {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let number = Int64(digits), let factor = units.first(where: { unit == String($0.name) })?.seconds ?? (text == "0" ? 1 : nil)
        else {
            throw Failure(
                .usage, "\(what): \"\(printable(text))\" is not a length of time",
                hint: "write a whole number and a unit, such as 15m, 2h, 1d or 1w")
        }
        let product = number.multipliedReportingOverflow(by: factor)
        guard !product.overflow, range.contains(product.partialValue) else {
            throw Failure(
                .usage, "\(what): \(printable(text)) is out of range",
                hint: "it is at least \(Self.text(ofSeconds: range.lowerBound)) and at most \(Self.text(ofSeconds: range.upperBound))")
        }
        return product.partialValue
    }
}

extension Period: CustomStringConvertible {
    package var description: String { text }
}

/// As its text.
extension Period: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do { try self.init(container.decode(String.self), for: "period") } catch let failure as Failure {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: failure.message)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
