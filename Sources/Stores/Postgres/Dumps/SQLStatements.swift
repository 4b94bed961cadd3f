import Model

/// Takes SQL text apart into its statements, as `psql` does it, but for its commands: there are none. A line that begins with a backslash is a statement of
/// its own, which a server refuses.
///
/// The keys that newer releases of `pg_dump` write against such lines (`\restrict`, `\unrestrict`) are left out.
struct SQLStatements: Sequence, IteratorProtocol {
    struct Statement: Hashable {
        /// Of its first word, from 1.
        var line: Int
        /// Without what separates it from others.
        var bytes: [UInt8]
        /// A backslash stands outside of what is quoted: `psql` takes what follows for one of its commands.
        var hasCommand = false

        var text: String { ByteText.text(bytes) }

        /// Of `CREATE ROLE name`, as `pg_dumpall` writes it.
        var nameOfMadeRole: String? {
            let words = Array("CREATE ROLE ".utf8)
            guard bytes.starts(with: words) else { return nil }
            let name = ByteText.text(bytes.dropFirst(words.count))
            guard name.hasPrefix("\""), name.utf8.last == UInt8(ascii: "\"") else { return name }
            return String(name.unicodeScalars.dropFirst().dropLast()).replacing("\"\"", with: "\"")
        }
    }

    private let bytes: [UInt8]
    private var place = 0
    private var line = 1

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> Statement? {
        while true {
            skipSpaceAndComments()
            guard let first = peek() else { return nil }
            if first == Self.backslash {
                if let command = takeLine() { return command }
                continue
            }
            if first == Self.semicolon {
                advance()
                continue
            }
            let (start, began) = (place, line)
            let hasCommand = takeStatement()
            let statement = Statement(line: began, bytes: Array(bytes[start..<place]), hasCommand: hasCommand)
            if peek() == Self.semicolon { advance() }
            return statement
        }
    }

    // MARK: Reading

    private static let (backslash, semicolon, newline) = (UInt8(ascii: "\\"), UInt8(ascii: ";"), UInt8(ascii: "\n"))
    private static let (quote, doubleQuote, dollar) = (UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "$"))
    private static let (dash, slash, star) = (UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "*"))

    private func peek(_ ahead: Int = 0) -> UInt8? { place + ahead < bytes.count ? bytes[place + ahead] : nil }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where place < bytes.count {
            if bytes[place] == Self.newline { line += 1 }
            place += 1
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isOfName(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte)
    }

    private mutating func skipSpaceAndComments() {
        while let byte = peek() {
            if Self.isSpace(byte) { advance() } else if !skipComment() { return }
        }
    }

    /// Whether there was one. They nest.
    private mutating func skipComment() -> Bool {
        if peek() == Self.dash, peek(1) == Self.dash {
            while let byte = peek(), byte != Self.newline { advance() }
            return true
        }
        guard peek() == Self.slash, peek(1) == Self.star else { return false }
        var depth = 0
        while place < bytes.count {
            if peek() == Self.slash, peek(1) == Self.star {
                depth += 1
                advance(2)
            } else if peek() == Self.star, peek(1) == Self.slash {
                depth -= 1
                advance(2)
                if depth == 0 { return true }
            } else {
                advance()
            }
        }
        return true
    }

    /// Nil for a key.
    private mutating func takeLine() -> Statement? {
        let (start, began) = (place, line)
        while let byte = peek(), byte != Self.newline { advance() }
        let statement = Statement(line: began, bytes: Array(bytes[start..<place]), hasCommand: true)
        let words = statement.text.split(separator: " ")
        let isKey =
            words.count == 2 && (words[0] == "\\restrict" || words[0] == "\\unrestrict")
            && words[1].utf8.allSatisfy { $0 < 0x80 && $0 != UInt8(ascii: "_") && Self.isOfName($0) }
        return isKey ? nil : statement
    }

    /// Up to the semicolon that ends it, or the end. Gives whether there was a backslash that is not quoted.
    private mutating func takeStatement() -> Bool {
        var hasCommand = false
        var parentheses = 0
        var body = FunctionBody()
        var isInName = false
        while let byte = peek() {
            let wasInName = isInName
            isInName = Self.isOfName(byte) || wasInName && byte == Self.dollar
            if isInName, !wasInName, parentheses == 0 { body.take(word()) }
            switch byte {
            case Self.semicolon where parentheses <= 0 && body.depth == 0: return hasCommand
            case Self.backslash: hasCommand = true
            case UInt8(ascii: "("): parentheses += 1
            case UInt8(ascii: ")"): parentheses -= 1
            case Self.quote:
                takeQuoted(byte, withEscapes: endsWithEscapeMark())
                continue
            case Self.doubleQuote:
                takeQuoted(byte, withEscapes: false)
                continue
            case Self.dollar where !wasInName:
                if takeDollarQuoted() { continue }
            default: if skipComment() { continue }
            }
            advance()
        }
        return hasCommand
    }

    /// The one that begins here, in lower case; empty for one that is too long to mean anything.
    private func word() -> String {
        let most = 16
        let bytes = bytes[place...].prefix(most).prefix { Self.isOfName($0) || $0 == Self.dollar }
        return bytes.count == most ? "" : String(decoding: bytes, as: UTF8.self).lowercased()
    }

    /// `BEGIN ATOMIC … END` of a function: statements with semicolons, inside of one. Told by words as `psql` does it (`psqlscan.l`).
    private struct FunctionBody {
        private(set) var depth = 0
        private var beginning: [String] = []

        mutating func take(_ word: String) {
            if beginning.count < 4 { beginning.append(word) }
            let made = beginning.dropFirst(beginning.dropFirst().starts(with: ["or", "replace"]) ? 3 : 1).first
            guard beginning.first == "create", made == "function" || made == "procedure" else { return }
            switch word {
            case "begin": depth += 1
            case "case" where depth > 0: depth += 1
            case "end" where depth > 0: depth -= 1
            default: return
            }
        }
    }

    /// Whether an `E` that is no part of a name stands before the quote.
    private func endsWithEscapeMark() -> Bool {
        guard place > 0, bytes[place - 1] == UInt8(ascii: "E") || bytes[place - 1] == UInt8(ascii: "e") else { return false }
        return place < 2 || !Self.isOfName(bytes[place - 2])
    }

    private mutating func takeQuoted(_ mark: UInt8, withEscapes: Bool) {
        advance()
        while let byte = peek() {
            advance()
            if withEscapes, byte == Self.backslash { advance() } else if byte == mark { return }
        }
    }

    private mutating func takeDollarQuoted() -> Bool {
        var end = place + 1
        if end < bytes.count, (0x30...0x39).contains(bytes[end]) { return false }
        while end < bytes.count, Self.isOfName(bytes[end]) { end += 1 }
        guard end < bytes.count, bytes[end] == Self.dollar else { return false }
        let tag = bytes[place...end]
        advance(tag.count)
        while place < bytes.count {
            if bytes[place] == Self.dollar, bytes[place...].starts(with: tag) {
                advance(tag.count)
                return true
            }
            advance()
        }
        return true
    }
}
