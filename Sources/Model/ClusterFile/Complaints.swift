/// Collects everything that is wrong with a file, so that it can be told in one go.
struct Complaints {
    private struct Item {
        var line: Int
        var text: String
        var remedy: String?
    }

    let path: String
    private let form: YamlForm
    private var items: [Item] = []

    init(path: String, form: YamlForm) {
        self.path = path
        self.form = form
    }

    var isEmpty: Bool { items.isEmpty }
    var count: Int { items.count }

    mutating func add(_ text: String, line: Int, remedy: String? = nil) {
        items.append(Item(line: max(1, line), text: text, remedy: remedy))
    }

    /// One: the message and its remedy. Several: a line each, by line number.
    var failure: Failure {
        let sorted = items.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }.map(\.element)
        guard let first = sorted.first else { return Failure(form.code, "\(path) cannot be read") }
        if sorted.count == 1 { return Failure(form.code, "\(path):\(first.line): \(first.text)", hint: first.remedy) }
        let shown = sorted.prefix(20).map { "  \(path):\($0.line): \($0.text)" + ($0.remedy.map { " (\($0))" } ?? "") }
        let more = sorted.count > shown.count ? ["  and \(sorted.count - shown.count) more"] : []
        return Failure(
            form.code, (["\(path) has \(sorted.count) errors:"] + shown + more).joined(separator: "\n"),
            hint: "correct these lines; \(form.page) describes every key")
    }
}
