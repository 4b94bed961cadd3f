/// The candidate that someone who wrote `text` most likely meant: at most a third of its letters differ. Nil when none is near.
package func nearest(to text: String, among candidates: some Sequence<String>) -> String? {
    let written = Array(text.lowercased().unicodeScalars.prefix(80))
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
        let letters = Array(candidate.lowercased().unicodeScalars.prefix(80))
        let distance = editDistance(written, letters)
        guard distance <= max(1, letters.count / 3), distance < letters.count, distance < best?.distance ?? .max else { continue }
        best = (distance, candidate)
    }
    return best?.candidate
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
    var before = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for row in 1...left.count {
        var current = [row] + [Int](repeating: 0, count: right.count)
        for column in 1...right.count {
            let same = left[row - 1] == right[column - 1]
            var cost = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0 : 1))
            if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                cost = min(cost, before[column - 2] + 1)
            }
            current[column] = cost
        }
        (before, last) = (last, current)
    }
    return last[right.count]
}
