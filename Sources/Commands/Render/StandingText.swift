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
            return "active" + (owned.isEmpty ? ", without a standby" : ", \(owned.joined(separator: ", "))")
        }
    }

    private static func hook(_ outcome: String?, _ event: String) -> String {
        guard let outcome, !outcome.isEmpty else { return "" }
        return "; \(event) failed: \(outcome)"
    }
}
