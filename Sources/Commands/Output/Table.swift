import Model

/// Rows under headings that fit a given width.
package struct Table: Sendable {
    package struct Column: Sendable {
        package var title: String
        package var alignment: TextLayout.Alignment
        /// Columns of the lowest importance are cut first, and left out first when cutting is not enough.
        package var importance: Int
        /// Columns of the terminal below which cutting makes no sense.
        package var minimum: Int

        package init(_ title: String, _ alignment: TextLayout.Alignment = .left, importance: Int = 5, minimum: Int = 6) {
            self.title = title
            self.alignment = alignment
            self.importance = importance
            self.minimum = minimum
        }
    }

    private static let gap = 2

    package var columns: [Column]
    /// Cells, in the order of the columns; missing ones are empty.
    package private(set) var rows: [[String]] = []
    /// By row: a line below it.
    private var notes: [Int: String] = [:]

    package init(_ columns: [Column]) { self.columns = columns }

    /// Control characters are replaced. `note` goes on a line of its own below the row.
    package mutating func add(_ cells: [String], note: String? = nil) {
        notes[rows.count] = note.map { printable($0, limit: 1000) }
        rows.append(cells.map { printable($0, limit: 1000) })
    }

    /// Lines without trailing spaces, the headings bold where there is colour.
    package func text(for terminal: Terminal) -> String {
        let widths = fittedWidths(for: terminal.width)
        let heading = terminal.paint(line(columns.map(\.title), widths), .bold)
        let lines = rows.enumerated().flatMap { index, row in
            let note = notes[index].map { "  " + TextLayout.truncate($0, to: terminal.width - 2) }
            return [line(row, widths)] + (note.map { [terminal.paint($0, .dim)] } ?? [])
        }
        return ([heading] + lines).joined(separator: "\n")
    }

    /// Nil for a column that is left out.
    func fittedWidths(for width: Int) -> [Int?] {
        let natural = columns.indices.map { index in
            rows.reduce(TextLayout.width(of: columns[index].title)) { max($0, TextLayout.width(of: cell($1, index))) }
        }
        let order = columns.indices.sorted { (columns[$0].importance, -$0) < (columns[$1].importance, -$1) }
        var widths: [Int?] = columns.indices.map { min(natural[$0], columns[$0].minimum) }
        for index in order.dropLast() where total(widths) > width { widths[index] = nil }
        var spare = width - total(widths)
        for index in order.reversed() {
            guard let least = widths[index] else { continue }
            let more = max(0, min(natural[index] - least, spare))
            widths[index] = min(least + more, width)
            spare -= more
        }
        return widths
    }

    private func total(_ widths: [Int?]) -> Int {
        let shown = widths.compactMap { $0 }
        return shown.reduce(0, +) + Self.gap * max(0, shown.count - 1)
    }

    private func cell(_ row: [String], _ index: Int) -> String { index < row.count ? row[index] : "" }

    private func line(_ row: [String], _ widths: [Int?]) -> String {
        var parts: [String] = []
        for (index, column) in columns.enumerated() {
            guard let width = widths[index] else { continue }
            parts.append(TextLayout.pad(TextLayout.truncate(cell(row, index), to: width), to: width, column.alignment))
        }
        var line = parts.joined(separator: String(repeating: " ", count: Self.gap))
        while line.last == " " { line.removeLast() }
        return line
    }
}
