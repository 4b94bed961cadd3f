/// Which entries of a store its image is known to lack: what stands there in the store was not there to be stored, and is not to be deleted because of
/// that.
package enum LackingEntries: Hashable, Sendable {
    /// At or below these paths below the store, for people (bytes that are not UTF-8 replaced).
    case paths([String])
    /// Some, and nobody knows which.
    case unknown

    package static let none = LackingEntries.paths([])
}

extension StoreRecord {
    package var lacking: LackingEntries {
        if let missing { return missing.isKnown ? .paths(missing.paths) : .unknown }
        // From before they were noted.
        return completeness.count(.unreadable) == 0 ? .none : .unknown
    }
}

/// Paths of entries that are not in an image, as a manifest notes them.
package struct MissingPaths: Hashable, Sendable, Codable {
    /// About a megabyte of a manifest.
    package static let most = 10_000

    package private(set) var paths: [String]
    /// False: there are more.
    package private(set) var isKnown: Bool

    package init() { (paths, isKnown) = ([], true) }

    package var isEmpty: Bool { isKnown && paths.isEmpty }

    package mutating func add(_ path: String) {
        guard paths.count < Self.most else {
            (paths, isKnown) = ([], false)
            return
        }
        if isKnown { paths.append(path) }
    }

    package static func + (left: MissingPaths, right: MissingPaths) -> MissingPaths {
        var sum = left
        for path in right.paths { sum.add(path) }
        if !right.isKnown { (sum.paths, sum.isKnown) = ([], false) }
        return sum
    }
}
