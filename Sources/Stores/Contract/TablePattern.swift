/// A table name in which `*` stands for any run of characters; ASCII letters compare without case, as SQLite's names do.
package struct TablePattern: Hashable, Sendable {
    private let pieces: [[UInt8]]

    package init(_ text: String) {
        pieces = Self.folded(text).split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
    }

    package func matches(_ name: String) -> Bool {
        var rest = Self.folded(name)[...]
        guard let first = pieces.first, rest.starts(with: first) else { return false }
        guard pieces.count > 1, let last = pieces.last else { return rest.count == first.count }
        rest = rest.dropFirst(first.count)
        for piece in pieces.dropFirst().dropLast() {
            guard let found = Self.firstIndex(of: piece, in: rest) else { return false }
            rest = rest[(found + piece.count)...]
        }
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }

    private static func folded(_ text: String) -> [UInt8] { text.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 32 : $0 } }

    private static func firstIndex(of piece: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard !piece.isEmpty else { return text.startIndex }
        guard text.count >= piece.count else { return nil }
        return (text.startIndex...(text.endIndex - piece.count)).first { text[$0...].starts(with: piece) }
    }
}
