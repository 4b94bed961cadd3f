/// Why an entry stays.
package enum Hold: Hashable, Sendable {
    case bucket(KeepRule)
    /// The newest one that is good.
    case newestGood
    case pinned
    /// Until this instant, or for ever.
    case lifetime(Expiry)
    /// Something under way needs it: "undo of the last restore".
    case needed(String)

    package var text: String {
        switch self {
        case .bucket(let rule): rule.text
        case .newestGood: "newest good one"
        case .pinned: "pinned"
        case .lifetime(.never): "kept for ever"
        case .lifetime(.at(let instant)): "kept until \(instant.readable)"
        case .needed(let reason): reason
        }
    }
}

/// Buckets by their intervals, then what else.
extension Hold: Comparable {
    private var rank: Int64 {
        switch self {
        case .bucket(let rule): rule.interval.seconds
        case .newestGood: .max - 3
        case .pinned: .max - 2
        case .lifetime: .max - 1
        case .needed: .max
        }
    }

    package static func < (left: Hold, right: Hold) -> Bool { (left.rank, left.text) < (right.rank, right.text) }
}

/// Which entries of a policy stay.
///
/// Entries are taken in the order of their arrival. For each rule time is cut into intervals; the first good entry of an interval stands in its
/// bucket (the first, where none is good), and the newest `count` intervals that hold any entry are kept. So an entry stands in a bucket from its
/// arrival on or never, may stand in several, and leaves one only because a newer entry has come: no passing, jumping or setting of a
/// clock makes any entry go.
package struct Retention: Hashable, Sendable {
    package let keep: KeepRules
    /// Where intervals begin.
    package let schedule: Schedule

    package init(keep: KeepRules, schedule: Schedule) {
        self.keep = keep
        self.schedule = schedule
    }

    /// By id, the buckets that an entry stands in and whether it is the newest good one, of all stores or of one that is flawed in others. `arrivals` in their order; whatever else holds an
    /// entry is for the caller to add.
    package func holds(on arrivals: [Arrival]) -> [String: Set<Hold>] {
        var holds: [String: Set<Hold>] = [:]
        for rule in keep.rules {
            for arrival in standing(in: rule, arrivals) { holds[arrival.id, default: []].insert(.bucket(rule)) }
        }
        if let newest = arrivals.last(where: { $0.quality == .good }) ?? arrivals.last { holds[newest.id, default: []].insert(.newestGood) }
        for store in Set(arrivals.flatMap { $0.flawedStores ?? [] }) {
            if let newest = arrivals.last(where: { $0.isGood(for: store) }) { holds[newest.id, default: []].insert(.newestGood) }
        }
        return holds
    }

    /// Those that nothing of ``holds(on:)`` and nothing of `others` holds, oldest first.
    package func leaving(_ arrivals: [Arrival], besides others: (Arrival) -> Set<Hold> = { _ in [] }) -> [Arrival] {
        let holds = holds(on: arrivals)
        return arrivals.filter { holds[$0.id] == nil && others($0).isEmpty }
    }

    private func standing(in rule: KeepRule, _ arrivals: [Arrival]) -> [Arrival] {
        var chosen: [Arrival] = []
        var interval: Int64?
        // From the newest back: in its interval an earlier entry takes the place of a later one, unless that is good and it is not.
        for arrival in arrivals.reversed() {
            let number = schedule.number(of: arrival.at, in: rule.interval)
            if number == interval {
                let isBetter = arrival.quality == .good || chosen.last?.quality == .flawed
                if isBetter { chosen[chosen.count - 1] = arrival }
            } else {
                if chosen.count == rule.count { break }
                chosen.append(arrival)
                interval = number
            }
        }
        return chosen
    }
}

extension Arrival {
    /// Whether the image of a store in it may stand for the store. One that is flawed for reasons that name no store is good for none.
    fileprivate func isGood(for store: String) -> Bool {
        quality == .good || flawedStores.map { !$0.contains(store) } ?? false
    }
}
