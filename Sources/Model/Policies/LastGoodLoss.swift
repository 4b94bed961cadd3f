/// What a deletion would take away for good: the last image of a store that it could be had back from.
package struct LastGoodLoss: Hashable, Sendable {
    /// A store's part of an entry.
    package struct Image: Hashable, Sendable {
        package var entry: String
        package var store: String
        package var extent: StoreExtent
        package var isGood: Bool

        package init(entry: String, store: String, extent: StoreExtent, isGood: Bool) {
            self.entry = entry
            self.store = store
            self.extent = extent
            self.isGood = isGood
        }
    }

    /// Stores of which no good image is left, by name.
    package var bare: [String] = []
    /// Stores of which good images are left, each with less than one that goes.
    package var poorer: [String] = []

    package var isEmpty: Bool { bare.isEmpty && poorer.isEmpty }

    /// `deleted`: ids of entries.
    package init(deleting deleted: Set<String>, among images: [Image]) {
        for (store, images) in Dictionary(grouping: images.filter(\.isGood), by: \.store).sorted(by: { $0.key < $1.key }) {
            let left = images.filter { !deleted.contains($0.entry) }
            guard left.count < images.count else { continue }
            if left.isEmpty {
                bare.append(store)
            } else if let best = images.map(\.extent.rank).max(), !left.contains(where: { $0.extent.rank >= best }) {
                poorer.append(store)
            }
        }
    }

    /// `place`: "target nas".
    package func warnings(in place: String) -> [String] {
        [
            bare.isEmpty ? nil : "no good backup of \(bare.joined(separator: ", ")) will be left in \(place)",
            poorer.isEmpty ? nil : "the good backups of \(poorer.joined(separator: ", ")) that will be left in \(place) hold less",
        ].compactMap { $0 }
    }
}

extension StoreExtent {
    /// More holds more.
    fileprivate var rank: Int {
        switch self {
        case .whole: 2
        case .withoutBulkRows: 1
        case .structure: 0
        }
    }
}
