/// A shell command of a cluster file.
package struct OperatorCommand: Hashable, Sendable {
    /// Where it stands: "quiesce", "standby on-fenced", "check orders".
    package var place: String
    package var text: String
}

extension ClusterFile {
    /// All of them.
    package var commands: [OperatorCommand] {
        var found: [(String, String?)] = []
        if case .command(let text) = password { found.append(("password-command", text)) }
        found += [("quiesce", quiesce?.begin), ("quiesce", quiesce?.end), ("alerts", alerts.command)]
        if !alerts.mail.isEmpty { found.append(("alerts sendmail", shellWord(alerts.sendmail))) }
        found += [
            ("standby on-fenced", standby.onFenced), ("standby on-suspended", standby.onSuspended),
            ("standby on-promote", standby.onPromote),
            ("standby fence", standby.fence), ("standby check", standby.check),
        ]
        for check in checks {
            if case .command(let text) = check.question { found.append(("check \(check.name)", text)) }
        }
        for store in stores {
            guard let service = store.postgres?.service else { continue }
            found += [service.stop, service.start, service.status].map { ("the service of store \(store.name)", $0) }
        }
        return found.compactMap { place, text in text.map { OperatorCommand(place: place, text: $0) } }
    }
}
