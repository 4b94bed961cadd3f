/// Text in columns of a terminal.
package enum TextLayout {
    /// Columns that the text takes: 2 for East Asian wide characters and emoji, 0 for combining marks.
    package static func width(of text: some StringProtocol) -> Int { text.reduce(0) { $0 + width(of: $1) } }

    private static func width(of character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.isASCII { return 1 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: return isWide(first) || character.unicodeScalars.contains("\u{FE0F}") ? 2 : 1
        }
    }

    /// The big blocks of Unicode's EastAsianWidth W and F.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            true
        default: false
        }
    }

    /// At most `width` columns, with `…` at the end when something was cut; whole characters only.
    package static func truncate(_ text: String, to width: Int) -> String {
        if self.width(of: text) <= width { return text }
        guard width > 0 else { return "" }
        var result = ""
        var used = 1
        for character in text {
            let next = self.width(of: character)
            if used + next > width { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }

    package enum Alignment: Sendable { case left, right }

    /// Exactly `width` columns, unless it is longer.
    package static func pad(_ text: String, to width: Int, _ alignment: Alignment = .left) -> String {
        let space = String(repeating: " ", count: max(0, width - self.width(of: text)))
        return alignment == .left ? text + space : space + text
    }

    /// Lines of at most `width` columns, broken at spaces; a longer word stands on a line of its own.
    package static func wrap(_ text: String, width: Int) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { wrapLine($0, width: width) }
    }

    private static func wrapLine(_ text: Substring, width: Int) -> [String] {
        let indent = String(text.prefix { $0 == " " })
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if line.isEmpty {
                line = indent + word
            } else if self.width(of: line) + 1 + self.width(of: word) <= width {
                line += " " + word
            } else {
                lines.append(line)
                line = indent + word
            }
        }
        return lines + [line]
    }
}
