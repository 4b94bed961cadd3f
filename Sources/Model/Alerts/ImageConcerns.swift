extension ImageReport {
    /// A line a store whose newest image lacks something: critical where the image may not stand for the store.
    package var concerns: [Concern] {
        let (what, show) =
            target.map { ("backup \(name) in \($0)", "holdfast backup show \(name) --target \($0)") }
            ?? ("snapshot \(name)", "holdfast snapshot show \(name)")
        return lines.map { line in
            let key = "image\(target.map { " \($0)" } ?? "") \(line.store)"
            return Concern(
                key, line.isGood ? .warning : .critical, "\(what): \(line.text)", remedy: line.isGood ? show : "\(show); \(accepting)")
        }
    }

    private var accepting: String {
        let command = target.map { "holdfast backup accept \(name) --target \($0)" } ?? "holdfast snapshot accept \(name)"
        return "where the store is right as it is: \(command)"
    }
}
