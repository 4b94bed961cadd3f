import WebHDFS

/// What became of the places of a directory between two snapshots of it, as HDFS reports it, made answerable in both directions.
///
/// In the report, paths are those of the older snapshot, but for the target of a rename; what was created in a directory stands under
/// the directory's older path. A file that was replaced is deleted and created.
struct SnapshotChanges: Sendable {
    struct Move: Hashable, Sendable {
        let from: PlaceBelow
        let to: PlaceBelow
    }

    private enum Origin: Sendable {
        case created
        case moved(PlaceBelow)
    }

    /// Newer places; what lies below one is new too, unless it was moved there.
    private(set) var created: [PlaceBelow] = []
    /// Older places; what lay below one is gone too, unless it was moved away.
    private(set) var deleted: [PlaceBelow] = []
    /// Older places that are still there, perhaps elsewhere, with other content, entries or attributes.
    private(set) var modified: [PlaceBelow] = []
    private(set) var moves: [Move] = []

    /// By newer place.
    private var origins: [PlaceBelow: Origin] = [:]
    /// Older to newer place, of what was moved.
    private var destinations: [PlaceBelow: PlaceBelow] = [:]
    /// Newer places at or below which something differs.
    private var dirty: Set<PlaceBelow> = []

    init(_ diff: HDFSSnapshotDiff) {
        for case .renamed(let from, let to) in diff.changes { destinations[PlaceBelow(bytes: from)] = PlaceBelow(bytes: to) }
        // What was moved away and back again is told as renamed too.
        destinations = destinations.filter { $0.value != presentPlace(of: $0.key.parent).appending($0.key.name) }
        moves = destinations.map { Move(from: $0.key, to: $0.value) }.sorted { $0.from < $1.from }
        for move in moves { origins[move.to] = .moved(move.from) }
        for change in diff.changes {
            switch change {
            case .created(let path):
                let place = PlaceBelow(bytes: path)
                let now = presentPlace(of: place.parent).appending(place.name)
                created.append(now)
                origins[now] = .created
                soil(now)
            case .deleted(let path):
                let place = PlaceBelow(bytes: path)
                deleted.append(place)
                soil(presentPlace(of: place.parent))
            case .modified(let path):
                let place = PlaceBelow(bytes: path)
                modified.append(place)
                soil(presentPlace(of: place))
            case .renamed(let from, let to):
                soil(PlaceBelow(bytes: to).parent)
                soil(presentPlace(of: PlaceBelow(bytes: from).parent))
            }
        }
    }

    /// Older places that count as changed, with all above them, though nothing is reported of them.
    mutating func askAgain(_ places: [PlaceBelow]) { for place in places { soil(presentPlace(of: place)) } }

    private mutating func soil(_ place: PlaceBelow) {
        var place = place
        while dirty.insert(place).inserted, !place.isRoot { place = place.parent }
    }

    /// Where an older place is now, if it is still there: as the deepest directory around it that was moved says.
    func presentPlace(of older: PlaceBelow) -> PlaceBelow {
        guard !destinations.isEmpty else { return older }
        var above = older
        while true {
            if let now = destinations[above] { return older.rebased(from: above, to: now) }
            if above.isRoot { return older }
            above = above.parent
        }
    }

    /// Where a newer place was; nil when it was not there.
    func formerPlace(of newer: PlaceBelow) -> PlaceBelow? {
        guard !origins.isEmpty else { return newer }
        var above = newer
        while true {
            switch origins[above] {
            case .created: return nil
            case .moved(let before): return newer.rebased(from: above, to: before)
            case nil: break
            }
            if above.isRoot { return newer }
            above = above.parent
        }
    }

    /// Whether nothing at or below a newer place differs from what was there, wherever that stood.
    func isUnchanged(_ newer: PlaceBelow) -> Bool { !dirty.contains(newer) && formerPlace(of: newer) != nil }

    var isEmpty: Bool { created.isEmpty && deleted.isEmpty && modified.isEmpty && moves.isEmpty }
}
