/// A number of bytes as people write it: decimal units, one digit after the point below ten, none above a hundred.
package struct ByteCount: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let bytes: UInt64

    package init(_ bytes: UInt64) { self.bytes = bytes }

    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

    private static let units = ["kB", "MB", "GB", "TB", "PB", "EB"]

    /// "0 B", "999 B", "1.4 kB", "23.5 MB", "640 GB".
    package var text: String {
        guard bytes >= 1000 else { return "\(bytes) B" }
        var value = Double(bytes) / 1000
        var unit = 0
        while value >= 999.5, unit < Self.units.count - 1 {
            value /= 1000
            unit += 1
        }
        return "\(value >= 99.95 ? String(Int(value.rounded())) : oneDecimal(value)) \(Self.units[unit])"
    }

    package var description: String { text }

    /// Reads what ``text`` writes and what people type: "1.4 GB", "500M", "64KiB", "1000". Nil for anything else or beyond 2^64.
    package init?(text: String) {
        let trimmed = text.filter { $0 != " " }
        let digits = trimmed.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard let factor = Self.factor(of: trimmed.dropFirst(digits.count).lowercased()) else { return nil }
        if let whole = UInt64(digits) {
            let product = whole.multipliedReportingOverflow(by: factor)
            guard !product.overflow else { return nil }
            bytes = product.partialValue
        } else {
            guard let number = Double(digits), number.isFinite, let count = UInt64(exactly: (number * Double(factor)).rounded()) else {
                return nil
            }
            bytes = count
        }
    }

    private static func factor(of unit: String) -> UInt64? {
        if unit.isEmpty || unit == "b" { return 1 }
        guard let first = unit.first, let power = "kmgtpe".firstIndex(of: first) else { return nil }
        let base: UInt64
        switch unit.dropFirst() {
        case "", "b": base = 1000
        case "i", "ib": base = 1024
        default: return nil
        }
        return (0...("kmgtpe".distance(from: "kmgtpe".startIndex, to: power))).reduce(1) { product, _ in product * base }
    }
}

/// One digit after a point, rounded half up, whatever the locale: "1.4".
func oneDecimal(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "∞" }
    let tenths = Int((abs(value) * 10).rounded())
    return "\(value < 0 && tenths > 0 ? "-" : "")\(tenths / 10).\(tenths % 10)"
}

/// "43 %" rounded down, so that 100 % means all; 100 % of nothing.
package func percentText(_ part: UInt64, of whole: UInt64) -> String { "\(percent(part, of: whole)) %" }

/// 0...100, rounded down; 100 when `whole` is 0.
package func percent(_ part: UInt64, of whole: UInt64) -> Int {
    guard whole > 0, part < whole else { return 100 }
    let (high, low) = part.multipliedFullWidth(by: 100)
    return Int(whole.dividingFullWidth((high, low)).quotient)
}
