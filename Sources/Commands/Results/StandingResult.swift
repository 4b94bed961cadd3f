import Model

struct StandingResult: Encodable {
    struct Fencing: Encodable {
        var epoch: UInt64
        var owner: String
        var raised: Timestamp
        var reason: EpochRecord.Reason
        var target: String
    }

    struct Suspension: Encodable {
        var target: String
        var since: Timestamp
        var reason: String
    }

    struct Owned: Encodable {
        var target: String
        var epoch: UInt64
    }

    struct Doubts: Encodable {
        var target: String
        var lines: [String]
    }

    var role: Standing.Role
    var member: String
    var epochs: [Owned]
    var fenced: OrNull<Fencing>
    var suspended: OrNull<Suspension>
    /// What lies in targets beside the repository and counts for nothing.
    var doubts: [Doubts]

    init(_ standing: Standing) {
        role = standing.role
        member = standing.member
        epochs = standing.watched.map { Owned(target: $0.target, epoch: $0.epoch) }
        fenced = OrNull(
            standing.fencing.map {
                Fencing(
                    epoch: $0.record.epoch, owner: $0.record.host, raised: $0.record.raised, reason: $0.record.reason, target: $0.target)
            })
        doubts = (standing.doubts ?? [:]).sorted { $0.key < $1.key }.map { Doubts(target: $0.key, lines: $0.value) }
        suspended = OrNull(standing.suspension.map { Suspension(target: $0.target, since: $0.since, reason: $0.reason) })
    }
}
