/// Text from anywhere (names, paths, messages of servers and programs) as it may be shown: on a terminal, in a log, in a mail.
///
/// Whatever could act on a terminal or reorder what a person reads is shown as an escape: `\x1b` for a control character below U+0080, `\u{202e}` for any
/// other. Those are the control characters C0, DEL and C1, the separators of lines and paragraphs, the invisible characters of the category Cf (among
/// them all that change the direction of text) but for the two joiners, and noncharacters. A byte that is not UTF-8 (``ByteText``) is shown as `\xe9`.
package enum Visible {
    package static func mayAct(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value >= 0x20, scalar.value < 0x7F { return false }
        // Without these two some scripts and emoji cannot be written.
        if scalar.value == 0x200C || scalar.value == 0x200D { return false }
        if ByteText.byte(of: scalar) != nil { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: return true
        case .unassigned: return scalar.properties.isNoncharacterCodePoint
        default: return false
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default:
            if let byte = ByteText.byte(of: scalar) { return "\\x" + String(byte, radix: 16) }
            let digits = String(scalar.value, radix: 16)
            return scalar.value > 0x7F ? "\\u{\(digits)}" : "\\x\(digits.count == 1 ? "0" : "")\(digits)"
        }
    }

    /// On one line: line feeds are escaped as well.
    package static func line(_ text: String) -> String { escaped(text) { mayAct($0) } }

    /// Its line feeds stay.
    package static func lines(_ text: String) -> String { escaped(text) { $0 != "\n" && mayAct($0) } }

    /// JSON whose strings have such characters as `\u009b`, and bytes that are not UTF-8 as the text `\xe9`.
    package static func json(_ text: String) -> String {
        guard needsLook(text) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            guard mayAct(scalar), scalar != "\n" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            if ByteText.byte(of: scalar) != nil {
                result += "\\" + escape(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result
    }

    private static func escaped(_ text: String, _ isEscaped: (Unicode.Scalar) -> Bool) -> String {
        guard needsLook(text) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isEscaped(scalar) { result += escape(scalar) } else { result.unicodeScalars.append(scalar) }
        }
        return result
    }

    private static func needsLook(_ text: String) -> Bool { !text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }
}

/// On one line that is safe to show (``Visible/line(_:)``), of at most `limit` characters.
package func printable(_ text: String, limit: Int = 60) -> String { Visible.line(limited(text, limit)) }

/// What a program or a server says: its lines stay lines, without those that are empty; otherwise like ``printable(_:limit:)``.
package func printableLines(_ text: String, limit: Int = 600) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.replacing("\t", with: "    ") }
    return Visible.lines(limited(lines.filter { $0.contains { $0 != " " } }.joined(separator: "\n"), limit))
}

private func limited(_ text: String, _ limit: Int) -> String {
    let scalars = text.unicodeScalars
    guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex), end != scalars.endIndex else {
        return text
    }
    return String(scalars[..<end]) + "…"
}
