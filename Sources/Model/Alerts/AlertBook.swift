/// Which concerns have been told, so that each is told once, again from time to time, and once more when it is over. A part of the catalogue.
package struct AlertBook: Hashable, Sendable, Codable {
    package struct Active: Hashable, Sendable, Codable {
        package var concern: Concern
        package var since: Timestamp
        package var told: Timestamp
    }

    /// By key of the concern.
    package private(set) var active: [String: Active] = [:]
    /// By the name of the place; nil in books of before there was such a thing.
    private var rooms: [String: RoomHistory]?

    package init() {}

    package var roomHistories: [String: RoomHistory] { rooms ?? [:] }

    /// Notes how much is free now, where that is known.
    package mutating func note(_ places: [PlaceRoom], at now: Timestamp) {
        for place in places { rooms = (rooms ?? [:]).merging([place.name: noted(place, at: now)]) { $1 } }
    }

    private func noted(_ place: PlaceRoom, at now: Timestamp) -> RoomHistory {
        var history = rooms?[place.name] ?? RoomHistory()
        history.note(place.free, at: now)
        return history
    }

    /// What is to be told at `now`; notes that it was. `pause`: seconds before a concern that goes on is told again. One that has become worse is told
    /// at once; a clock that was put back delays nothing by more than the pause.
    package mutating func update(_ concerns: [Concern], at now: Timestamp, repeatingAfter pause: Double) -> [AlertNotice] {
        var notices: [AlertNotice] = []
        for concern in concerns {
            guard let known = active[concern.key] else {
                active[concern.key] = Active(concern: concern, since: now, told: now)
                notices.append(AlertNotice(.raised, concern, since: now, at: now))
                continue
            }
            let isWorse = known.concern.severity < concern.severity
            let isDue = !(0..<pause).contains(now.secondsSince(known.told))
            active[concern.key] = Active(concern: concern, since: known.since, told: isWorse || isDue ? now : known.told)
            if isWorse || isDue { notices.append(AlertNotice(isWorse ? .worsened : .repeated, concern, since: known.since, at: now)) }
        }
        let present = Set(concerns.map(\.key))
        for (key, known) in active.sorted(by: { $0.key < $1.key }) where !present.contains(key) {
            active[key] = nil
            notices.append(AlertNotice(.resolved, known.concern, since: known.since, at: now))
        }
        return notices
    }
}

/// What a sink of alerts hears.
package struct AlertNotice: Hashable, Sendable, Codable {
    package enum Kind: String, Sendable, Codable {
        case raised, worsened, repeated, resolved
    }

    package var notice: Kind
    package var key: String
    package var severity: Concern.Severity
    package var message: String
    package var remedy: String
    package var since: Timestamp
    package var time: Timestamp

    init(_ notice: Kind, _ concern: Concern, since: Timestamp, at time: Timestamp) {
        self.notice = notice
        key = concern.key
        severity = concern.severity
        message = concern.message
        remedy = concern.remedy
        self.since = since
        self.time = time
    }

    /// "critical: the newest good snapshot is 5 hours old".
    package var text: String {
        notice == .resolved ? "over: \(message)" : "\(severity.rawValue): \(message)"
    }
}
