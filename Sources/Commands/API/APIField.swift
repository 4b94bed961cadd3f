import Model

/// What a parameter, or a member of a body, may be. The OpenAPI document and the check of a request come from the same value.
enum APIType: Sendable {
    /// A pattern that all of it fits.
    case text(pattern: String)
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case flag
    case choice([String])
    /// Texts of one pattern, none twice.
    case list(pattern: String)

    static let longestList = 20
    static let name = text(pattern: "^[A-Za-z0-9_-]{1,44}$")
    /// Of something that is there or not: longer than a name can be.
    static let reference = text(pattern: "^[A-Za-z0-9_-]{1,64}$")
    static let period = text(pattern: "^[1-9][0-9]{0,3}[smhdw]$")
    static let periodOrNone = text(pattern: "^([1-9][0-9]{0,3}[smhdw]|none)$")
    static let rules = text(pattern: "^[1-9][0-9]{0,1}@[1-9][0-9]{0,3}[smhdw](,[1-9][0-9]{0,1}@[1-9][0-9]{0,3}[smhdw]){0,5}$")
    static let lifetime = text(pattern: "^([1-9][0-9]{0,3}[mhdw]|never)$")
    static let words = text(pattern: "^[ -~]{1,200}$")
    static let path = text(pattern: "^/[A-Za-z0-9._/-]{1,200}$")

    var schema: JSONValue {
        switch self {
        case .text(let pattern): ["type": "string", "pattern": .text(pattern)]
        case .integer(let range):
            ["type": "integer", "minimum": .integer(Int64(range.lowerBound)), "maximum": .integer(Int64(range.upperBound))]
        case .number(let range): ["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
        case .flag: ["type": "boolean"]
        case .choice(let choices): ["type": "string", "enum": .list(choices.map { .text($0) })]
        case .list(let pattern):
            [
                "type": "array", "items": ["type": "string", "pattern": .text(pattern)], "minItems": 1,
                "maxItems": .integer(Int64(Self.longestList)), "uniqueItems": true,
            ]
        }
    }

    /// The texts that it stands for on a command line; nil when it may not be.
    func texts(_ value: JSONValue) -> [String]? {
        switch (self, value) {
        case (.text(let pattern), .text(let text)): Self.fits(text, pattern) ? [text] : nil
        case (.integer(let range), .integer(let number)): Int(exactly: number).flatMap { range.contains($0) ? ["\($0)"] : nil }
        // A number without a fraction is an integer in JSON.
        case (.integer, .number(let number)): Int64(exactly: number).flatMap { texts(.integer($0)) }
        case (.number(let range), .number(let number)): range.contains(number) ? ["\(number)"] : nil
        case (.number, .integer(let number)): texts(.number(Double(number)))
        case (.flag, .flag(let flag)): flag ? [""] : []
        case (.choice(let choices), .text(let text)): choices.contains(text) ? [text] : nil
        case (.list(let pattern), .list(let items)): Self.items(items, pattern)
        default: nil
        }
    }

    /// What stands in a path or a query.
    func value(of text: String) -> JSONValue {
        switch self {
        case .text, .choice, .list: .text(text)
        case .flag: text == "true" ? true : text == "false" ? false : .text(text)
        case .integer: text.allSatisfy { $0.isASCII && $0.isNumber } ? Int64(text).map { .integer($0) } ?? .text(text) : .text(text)
        case .number: Double(text).map { .number($0) } ?? .text(text)
        }
    }

    private static func items(_ items: [JSONValue], _ pattern: String) -> [String]? {
        let texts = items.compactMap { item -> String? in if case .text(let text) = item, fits(text, pattern) { text } else { nil } }
        let isWhole = texts.count == items.count && Set(texts).count == texts.count && (1...longestList).contains(texts.count)
        return isWhole ? texts : nil
    }

    private static func fits(_ text: String, _ pattern: String) -> Bool {
        guard let expression = try? Regex(pattern).matchingSemantics(.unicodeScalar) else { return false }
        return (try? expression.wholeMatch(in: text)) != nil
    }

    /// In words, for an error.
    var words: String {
        switch self {
        case .text(let pattern): "a text that fits \(pattern)"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .choice(let choices): choices.joined(separator: ", ")
        case .list(let pattern): "a list of 1 to \(Self.longestList) different texts that fit \(pattern)"
        }
    }
}

/// A parameter of an operation.
struct APIField: Sendable {
    enum Place: String, Sendable { case path, query, body }

    enum Form: Sendable {
        case argument
        /// `--name value`, or `--name` for a flag.
        case option(String)
        /// For the interface itself, not for the command.
        case own
    }

    var name: String
    var type: APIType
    var summary: String
    var place: Place
    var form: Form
    var isRequired: Requirement

    enum Requirement: Sendable { case required, optional }

    static func path(_ name: String, _ summary: String, _ type: APIType = .reference, form: Form = .argument) -> APIField {
        APIField(name: name, type: type, summary: summary, place: .path, form: form, isRequired: .required)
    }

    static func query(_ name: String, _ type: APIType, _ summary: String) -> APIField {
        APIField(name: name, type: type, summary: summary, place: .query, form: .option(dashed(name)), isRequired: .optional)
    }

    static func body(
        _ name: String, _ type: APIType, _ summary: String, _ requirement: Requirement = .optional, form: Form? = nil
    ) -> APIField {
        APIField(name: name, type: type, summary: summary, place: .body, form: form ?? .option(dashed(name)), isRequired: requirement)
    }

    /// `manualWarn` is `--manual-warn`.
    private static func dashed(_ name: String) -> String {
        "--" + name.map { $0.isUppercase ? "-\($0.lowercased())" : "\($0)" }.joined()
    }
}
