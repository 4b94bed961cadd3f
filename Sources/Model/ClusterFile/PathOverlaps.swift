extension ClusterFileReader {
    private struct Place {
        var label: String
        var path: String
        var line: Int
        var isStore: Bool
    }

    /// No store may hold, or lie in, another place: an image would contain itself, and a restore or `cluster delete` would destroy what it
    /// should not. Targets stay out of state and storage for the same reason; storage may lie in state.
    mutating func checkOverlaps(of file: ClusterFile) {
        let stores = file.stores.map { place("store \($0.name)", $0.path, key: "stores.\($0.name)", isStore: true) }
        let own = [place("state", file.state, key: "state"), place("storage", file.storage, key: "storage")]
        let targets = file.targets.map { place("target \($0.name)", $0.path, key: "targets.\($0.name)") }
        let places = stores + own + targets
        let earlier = earlier(places)
        for index in stores.indices {
            for other in earlier[index] { check(places[other], places[index]) }
            for other in stores.count..<places.count where earlier[other].contains(index) { check(places[index], places[other]) }
        }
        for index in (stores.count + own.count)..<places.count {
            for other in earlier[index] where own.indices.contains(other - stores.count) { check(places[other], places[index]) }
        }
        if file.state == file.storage {
            let remedy = "give the snapshots a directory of their own, such as \(file.state == "/" ? "" : file.state)/snapshots"
            complaints.add("storage and state are the same directory", line: own[1].line, remedy: remedy)
        }
    }

    private func place(_ label: String, _ path: String, key: String, isStore: Bool = false) -> Place {
        Place(label: label, path: path, line: lines[key] ?? 1, isStore: isStore)
    }

    /// For each place the earlier ones that it may have to do with.
    private func earlier(_ places: [Place]) -> [[Int]] {
        var pairs = NestingPairs<String>()
        for place in places {
            var (own, above) = ([place.path], PathText.lineage(of: place.path))
            if let address = try? HDFSAddress(parsing: place.path) {
                let path = address.path.description
                own += address.nameNodes.map { "\($0) \(path)" }
                above += address.nameNodes.flatMap { node in PathText.lineage(of: path).map { "\(node) \($0)" } }
            }
            pairs.add(own: own, above: above)
        }
        return pairs.earlier()
    }

    private mutating func check(_ first: Place, _ second: Place) {
        let line = max(first.line, second.line)
        let (one, other) = comparable(first.path, second.path)
        if one == other {
            complaints.add(
                "\(first.label) and \(second.label) have the same path \(first.path)", line: line, remedy: "each needs a place of its own")
        } else if PathText.isInside(other, one) {
            complaints.add(
                "\(second.label) (\(second.path)) lies inside \(first.label) (\(first.path))", line: line, remedy: remedy(first, second))
        } else if PathText.isInside(one, other) {
            complaints.add(
                "\(first.label) (\(first.path)) lies inside \(second.label) (\(second.path))", line: line, remedy: remedy(second, first))
        }
    }

    /// Two places of one HDFS, which has a name for each of its NameNodes, as their paths in it.
    private func comparable(_ first: String, _ second: String) -> (String, String) {
        guard let one = try? HDFSAddress(parsing: first), let other = try? HDFSAddress(parsing: second),
            !Set(one.nameNodes).isDisjoint(with: other.nameNodes)
        else { return (first, second) }
        return (one.path.description, other.path.description)
    }

    private func remedy(_ outer: Place, _ inner: Place) -> String {
        outer.isStore && inner.isStore
            ? "declare the parts of \(outer.path) as stores beside each other, or one store for all" : "move one of the two elsewhere"
    }
}
