/// A native image that the next backup of a store in a target is compared with: kept when its snapshot goes.
package struct ComparisonBase: Hashable, Sendable, Codable {
    /// Name of the target.
    package var target: String
    package var store: String
    package var extent: StoreExtent
    /// The native image's.
    package var image: String

    package init(target: String, store: String, extent: StoreExtent, image: String) {
        self.target = target
        self.store = store
        self.extent = extent
        self.image = image
    }

    fileprivate func isForSame(as other: ComparisonBase) -> Bool {
        target == other.target && store == other.store && extent == other.extent
    }
}

extension Catalogue {
    package var comparisonBases: [ComparisonBase] { bases ?? [] }

    /// Images of a store that are kept for comparisons.
    package func imagesKept(of store: String) -> Set<String> { Set(comparisonBases.filter { $0.store == store }.map(\.image)) }

    /// Before a backup is made from these images; what the backup before was made from stays until there is this one.
    package mutating func begin(_ begun: [ComparisonBase]) {
        let new = begun.filter { !comparisonBases.contains($0) }
        if !new.isEmpty { bases = comparisonBases + new }
    }

    /// The backup is there: gives what was kept for it and is kept for nothing any more.
    package mutating func settle(_ settled: [ComparisonBase]) -> [ComparisonBase] {
        let superseded = comparisonBases.filter { base in !settled.contains(base) && settled.contains { $0.isForSame(as: base) } }
        let rest = comparisonBases.filter { !superseded.contains($0) }
        bases = rest.isEmpty ? nil : rest
        return superseded.filter { gone in !rest.contains { $0.store == gone.store && $0.image == gone.image } }
    }
}
