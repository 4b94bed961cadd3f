extension Policies {
    /// Enabled ones that put what users have made into `target`.
    private func keeping(in target: String, of stores: [StoreDeclaration]) -> [BackupPolicy] {
        backups.map(\.policy).filter { policy in
            policy.isEnabled && policy.target == target && stores.allSatisfy { policy.mode.keepsContent(of: $0.role) }
        }
    }

    package func makesBackups(in target: String, of stores: [StoreDeclaration]) -> Bool {
        !keeping(in: target, of: stores).isEmpty
    }

    /// Seconds that the newest backup in `target` may be old: the strictest of what is asked, or of what is usual for the periods. Nil when nobody asks and no
    /// policy makes any.
    package func tolerated(in target: String, of stores: [StoreDeclaration], _ aims: Objectives) -> Double? {
        let own = keeping(in: target, of: stores).map { policy in
            (policy.objective ?? aims.backups.rpo).map { Double($0.seconds) }
                ?? HealthFacts.tolerablePeriods * Double(policy.schedule.every.seconds)
        }
        return (own + [aims.backups.rpo].compactMap { $0.map { Double($0.seconds) } }).min()
    }

    /// The newest good backup that a policy has put into `target`, by the clock of then.
    package func lastGood(in target: String, of stores: [StoreDeclaration]) -> Timestamp? {
        let names = Set(keeping(in: target, of: stores).map(\.name))
        return backups.filter { names.contains($0.policy.name) }.compactMap(\.record.lastGood).max()
    }
}

extension BackupMode {
    func keepsContent(of role: StoreRole) -> Bool {
        role == .data || StoreExtent(mode: self, role: role, hasBulkTables: false) != .structure
    }
}
