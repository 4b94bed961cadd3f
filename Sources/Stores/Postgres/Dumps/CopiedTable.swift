/// What a statement that copies rows names.
struct CopiedTable: Sendable {
    /// With its schema, as SQL quotes it: `public."Account"`.
    let relation: String
    /// `id, name`; empty for a table without any.
    let columnList: String
    /// Some rows of it: `SELECT id, name FROM public."Account" WHERE …`.
    let isPart: Bool

    /// `COPY public."Account" (id, name) FROM stdin;`, the same with `TO stdout;`, or `COPY (SELECT id, name FROM public."Account" WHERE …) TO stdout;`.
    /// Nil for anything else.
    init?(_ statement: String) {
        let bytes = Array(statement.utf8)
        let words = SQLWords.split(bytes)
        let select = Array("(SELECT".utf8)
        guard words.count > 2, bytes[words[0]].elementsEqual("COPY".utf8) else { return nil }
        isPart = bytes[words[1]].elementsEqual(select)
        if isPart {
            guard let from = words.firstIndex(where: { bytes[$0].elementsEqual("FROM".utf8) }), from + 1 < words.count, from > 1 else {
                return nil
            }
            relation = Self.text(bytes[words[from + 1]])
            let columns = Self.text(bytes[words[2].lowerBound..<words[from - 1].upperBound])
            columnList = columns == "*" ? "" : columns
        } else {
            relation = Self.text(bytes[words[1]])
            guard let open = bytes[words[2]].first else { return nil }
            guard open == UInt8(ascii: "(") else {
                columnList = ""
                return
            }
            guard let close = words.first(where: { bytes[$0].last == UInt8(ascii: ")") }) else { return nil }
            columnList = Self.text(bytes[(words[2].lowerBound + 1)..<(close.upperBound - 1)])
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// As SQL quotes them.
    var columnNames: [String] {
        let bytes = Array(columnList.utf8)
        return SQLWords.split(bytes) { $0 == UInt8(ascii: ",") }.map { String(Self.text(bytes[$0]).trimmingPrefix(" ")) }
    }

    /// As `COPY` takes it after the table: `(id, name)`, or nothing.
    var columns: String { columnList.isEmpty ? "" : "(\(columnList))" }
}
