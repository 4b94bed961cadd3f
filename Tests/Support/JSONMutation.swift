/// Changes one value in the text of a JSON document into one that a hostile writer would choose: a number at a boundary, a name that leads
/// elsewhere, another type, a depth that no reader expects. The document itself need not be known.
package struct JSONMutation: Sendable, CustomStringConvertible {
    /// What was put in place of what, shortened, for the message of a test that fails.
    package let description: String
    package let text: [UInt8]

    /// `document`: any bytes; what is no JSON is changed as bytes.
    package init(of document: [UInt8], using random: inout SeededRandom) {
        let values = Self.values(of: document)
        guard let place = values.randomElement(using: &random), Int.random(in: 0..<10, using: &random) > 0 else {
            (text, description) = Self.changed(bytes: document, using: &random)
            return
        }
        let old = Array(document[place.range])
        let new = Self.replacement(for: old, place.kind, present: values.map { Array(document[$0.range]) }, using: &random)
        description = "\(Self.shortened(old)) at \(place.range.lowerBound) → \(Self.shortened(new))"
        text = document[..<place.range.lowerBound] + new + document[place.range.upperBound...]
    }

    /// Several of them, one after the other: what one check refuses is not always what comes first.
    package static func some(of document: [UInt8], using random: inout SeededRandom) -> JSONMutation {
        var mutation = JSONMutation(of: document, using: &random)
        while Int.random(in: 0..<3, using: &random) == 0 {
            let next = JSONMutation(of: mutation.text, using: &random)
            mutation = JSONMutation(text: next.text, description: "\(mutation.description); \(next.description)")
        }
        return mutation
    }

    private init(text: [UInt8], description: String) {
        self.text = text
        self.description = description
    }

    private static func changed(bytes document: [UInt8], using random: inout SeededRandom) -> (text: [UInt8], description: String) {
        var bytes = document
        let told: String
        let position = Int.random(in: 0...document.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            bytes.removeSubrange(position...)
            told = "cut off at \(position) of \(document.count)"
        case 1 where position < document.count:
            bytes[position] = UInt8.random(in: 0...255, using: &random)
            told = "byte \(position) is \(bytes[position])"
        case 2:
            bytes.insert(contentsOf: random.bytes(Int.random(in: 1...40, using: &random)), at: position)
            told = "noise at \(position)"
        default:
            bytes += document
            told = "twice"
        }
        return (bytes, told)
    }

    // MARK: - Places

    private enum Kind: Sendable {
        case number, string, literal, container
    }

    /// Spans of values, in the order of their ends; keys of objects count as strings.
    private static func values(of document: [UInt8]) -> [(kind: Kind, range: Range<Int>)] {
        var found: [(kind: Kind, range: Range<Int>)] = []
        var open: [Int] = []
        var index = 0
        while index < document.count {
            let start = index
            index += 1
            switch document[start] {
            case UInt8(ascii: "\""):
                while index < document.count, document[index] != UInt8(ascii: "\"") {
                    index += document[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                index = min(index + 1, document.count)
                found.append((.string, start..<index))
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                open.append(start)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if let begin = open.popLast() { found.append((.container, begin..<index)) }
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                while index < document.count, "+-.eE0123456789".utf8.contains(document[index]) { index += 1 }
                found.append((.number, start..<index))
            case UInt8(ascii: "a")...UInt8(ascii: "z"):
                while index < document.count, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(document[index]) { index += 1 }
                found.append((.literal, start..<index))
            default:
                continue
            }
        }
        return found
    }

    // MARK: - Values

    private static func replacement(
        for old: [UInt8], _ kind: Kind, present: [[UInt8]], using random: inout SeededRandom
    ) -> [UInt8] {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return present.randomElement(using: &random) ?? old
        case 1: return Array((numbers + strings + others(of: kind)).randomElement(using: &random)?.utf8 ?? "null".utf8)
        default: break
        }
        switch kind {
        case .number: return Array(numbers.randomElement(using: &random)?.utf8 ?? "0".utf8)
        case .string: return Array(strings.randomElement(using: &random)?.utf8 ?? "\"\"".utf8)
        case .literal: return Array(others(of: kind).randomElement(using: &random)?.utf8 ?? "null".utf8)
        case .container:
            let other = Array(others(of: kind).randomElement(using: &random)?.utf8 ?? "{}".utf8)
            return Bool.random(using: &random) ? other : manyTimes(old)
        }
    }

    /// An array or object that has what it has forty times.
    private static func manyTimes(_ container: [UInt8]) -> [UInt8] {
        let content = container.dropFirst().dropLast()
        guard !content.isEmpty, content.count < 100_000 else { return container }
        let repeated = (0..<40).flatMap { Array(content) + ($0 < 39 ? [UInt8(ascii: ",")] : []) }
        return [container[0]] + repeated + [container[container.count - 1]]
    }

    /// Around every width that a reader may keep a number in, and what is no whole number or none at all.
    private static let numbers = [
        "0", "-0", "1", "-1", "255", "65536", "2147483647", "2147483648", "-2147483649", "4294967295", "4294967296", "9007199254740991",
        "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615", "18446744073709551616", "340282366920938463463374607431768211456", "0.5", "-1.5", "1e3", "1e18", "1e19",
        "1e400", "-1e400", "1e-400", "00", "0x10", "NaN", String(repeating: "9", count: 400),
    ]

    private static let strings =
        [
            "", "\\u0000", ".", "..", "../../../../../../nowhere/x", "/nowhere/x", "a/b", "\\u001b[31m", "\\u202e", "\\ud800", "\\", "%s%n",
            "-oProxyCommand=false", "$(false)", "0000-00-00T00:00:00Z", "2026-02-30T25:61:61Z", "9999-12-31T23:59:59.999999999+23:59",
            "-292277022656-01-01T00:00:00Z", "18446744073709551615", "1e400", "true", String(repeating: "0", count: 64),
            String(repeating: "f", count: 64), String(repeating: "long ", count: 20_000), "\u{1}\n",
        ].map { "\"\($0)\"" }

    private static func others(of kind: Kind) -> [String] {
        [
            "null", "true", "false", "{}", "[]", "[null]", "{\"\":null}", "{\"a\":1,\"a\":2}", String(repeating: "[", count: 100_000),
            String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000),
            String(repeating: "{\"a\":", count: 20_000) + "1" + String(repeating: "}", count: 20_000),
        ] + (kind == .container ? ["0", "\"\""] : [])
    }

    private static func shortened(_ bytes: [UInt8]) -> String {
        let text = String(bytes.prefix(60).map { (0x20..<0x7F).contains($0) ? Character(UnicodeScalar($0)) : "?" })
        return bytes.count > 60 ? "\(text)… (\(bytes.count) bytes)" : text
    }
}
