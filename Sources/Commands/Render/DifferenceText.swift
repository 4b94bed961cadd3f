import Archiving
import Model
import ResticFormat
import Snapshots

/// The difference of two snapshots as people read it.
struct DifferenceText {
    let terminal: Terminal

    func text(_ difference: SnapshotDifference) -> String {
        let head = Visible.line("from \(difference.from) to \(difference.to)")
        return ([head] + difference.stores.flatMap { lines($0, difference) }).joined(separator: "\n")
    }

    private func lines(_ store: StoreDifference, _ difference: SnapshotDifference) -> [String] {
        let name = terminal.paint(Visible.line(store.name), .bold)
        switch store.presence {
        case .from: return ["\(name): only in \(difference.from)"]
        case .to: return ["\(name): only in \(difference.to)"]
        case .both: break
        }
        guard !store.isEmpty else { return ["\(name): nothing differs"] }
        let more = store.counts.values.saturatedSum { $0 } - store.examples.count
        return ["\(name): \(counts(store)); \(ByteCount(store.bytesBefore)) → \(ByteCount(store.bytesAfter))"]
            + store.examples.map { "  \(mark($0.kind)) \(printable($0.path, limit: 300))\(size($0))" }
            + (more > 0 && !store.examples.isEmpty ? ["  and \(grouped(more)) more"] : [])
    }

    private func counts(_ store: StoreDifference) -> String {
        let words: [(TreeChange.Kind, String)] = [
            (.added, "added"), (.removed, "removed"), (.changed, "changed"), (.metadata, "changed in metadata"),
        ]
        return words.compactMap { kind, word in store.counts[kind].map { "\(grouped($0)) \(word)" } }.joined(separator: ", ")
    }

    private func mark(_ kind: TreeChange.Kind) -> String {
        switch kind {
        case .added: terminal.paint("+", .green)
        case .removed: terminal.paint("-", .red)
        case .changed: terminal.paint("M", .yellow)
        case .metadata: "m"
        }
    }

    private func size(_ change: TreeChange) -> String {
        guard change.type == .file else { return "" }
        switch change.kind {
        case .added: return "  \(ByteCount(change.bytesAfter))"
        case .removed: return "  \(ByteCount(change.bytesBefore))"
        case .changed: return "  \(ByteCount(change.bytesBefore)) → \(ByteCount(change.bytesAfter))"
        case .metadata: return ""
        }
    }
}
