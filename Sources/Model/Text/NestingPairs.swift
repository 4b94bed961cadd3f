/// Finds among many places those of which one may lie in another, without comparing each with all: by keys of what holds a place and of what it
/// lies in. Time grows with places and the depth of their paths.
package struct NestingPairs<Key: Hashable> {
    /// Indices of the places that each key holds, in order.
    private var holders: [Key: [Int]] = [:]
    private var above: [[Key]] = []

    package init() {}

    /// The next place. `own`: keys of the place itself; `above`: keys of the place and of all that it lies in.
    package mutating func add(own: [Key], above keys: [Key]) {
        for key in Set(own) { holders[key, default: []].append(above.count) }
        above.append(keys)
    }

    /// For each place, in ascending order, the earlier ones that hold it, lie in it, or are it.
    package func earlier() -> [[Int]] {
        var found = above.map { _ in Set<Int>() }
        for (index, keys) in above.enumerated() {
            for other in Set(keys).flatMap({ holders[$0] ?? [] }) where other != index {
                found[max(index, other)].insert(min(index, other))
            }
        }
        return found.map { $0.sorted() }
    }
}

extension PathText {
    /// A normalised path and every directory above it, innermost first: "/a/b", "/a", "/".
    package static func lineage(of path: String) -> [String] {
        var found = [path]
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/") {
            rest = rest[..<slash]
            found.append(rest.isEmpty ? "/" : String(rest))
        }
        return found
    }
}
