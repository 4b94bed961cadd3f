/// An entry as the brake sees it.
package struct ImageStanding: Hashable, Sendable {
    package var id: String
    /// Names of all stores that it has an image of.
    package var stores: [String]
    /// Names of stores whose image may not stand for them.
    package var flawed: [String]

    package init(id: String, stores: [String], flawed: [String]) {
        self.id = id
        self.stores = stores
        self.flawed = flawed
    }

    fileprivate func isGood(for store: String) -> Bool { stores.contains(store) && !flawed.contains(store) }
}

extension [ImageStanding] {
    /// Entries that nothing may take away without a person: the newest good one of each store of which every later image is flawed. Oldest
    /// first.
    package var lastGood: Set<String> {
        var kept: Set<String> = []
        for store in Set(flatMap(\.flawed)) {
            guard let newest = lastIndex(where: { $0.isGood(for: store) }) else { continue }
            if self[(newest + 1)...].contains(where: { $0.flawed.contains(store) }) { kept.insert(self[newest].id) }
        }
        return kept
    }
}
