import Model

/// Whether an installation may act for its cluster, as people read it.
enum StandingText {
    static func line(_ standing: Standing) -> String {
        switch standing.role {
        case .standby: return "standby: the active one takes the snapshots and makes the backups (holdfast standby status)"
        case .fenced:
            let by =
                standing.fencing.map { ": \($0.record.host) took over with epoch \($0.record.epoch), \($0.record.raised.readable)" } ?? ""
            return "FENCED\(by); no snapshots and backups here" + hook(standing.fencing?.hook, "on-fenced")
        case .active:
            if let suspension = standing.suspension {
                return "SUSPENDED since \(suspension.since.readable): \(suspension.reason)" + hook(suspension.hook, "on-suspended")
            }
            let owned = standing.watched.map {
                $0.isOwed == true ? "the epoch in \($0.target) is still to be raised" : "epoch \($0.epoch) in \($0.target)"
            }
            return "active" + (owned.isEmpty ? ", without a standby" : ", \(owned.joined(separator: ", "))") + doubts(standing)
        }
    }

    private static func doubts(_ standing: Standing) -> String {
        guard let (target, lines) = standing.doubts?.min(by: { $0.key < $1.key }), let first = lines.first else { return "" }
        let more = lines.count > 1 ? ", and \(counted(lines.count - 1, "thing")) more" : ""
        return "; IN DOUBT: in \(target) \(printable(first, limit: 400))\(more), which counts for nothing"
    }

    private static func hook(_ outcome: String?, _ event: String) -> String {
        guard let outcome, !outcome.isEmpty else { return "" }
        return "; \(event) failed: \(outcome)"
    }
}
