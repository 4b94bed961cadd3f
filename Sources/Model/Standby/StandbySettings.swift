import Yams

/// What a cluster does as the primary of a standby, and as a standby: `standby:` of the cluster file.
package struct StandbySettings: Hashable, Sendable {
    package static let defaultLeaseMilliseconds: Int64 = 600_000
    package static let defaultTimeoutMilliseconds: Int64 = 60_000
    package static let defaultKeep = 3
    package static let mostKept = 50

    /// How long a primary goes on that cannot read the epoch in the target.
    package var leaseMilliseconds: Int64
    /// Points that a standby keeps on its own disk.
    package var keep: Int
    /// A shell command that stops the stores' applications: the cluster was fenced, or steps down.
    package var onFenced: String?
    /// A shell command for a lease that ran out.
    package var onSuspended: String?
    /// A shell command that starts the stores' applications: this cluster is the active one now.
    package var onPromote: String?
    /// A shell command that makes sure that the old primary is off: power, address, name.
    package var fence: String?
    /// A shell command that proves that the promoted stores are good.
    package var check: String?
    /// For each of the commands.
    package var timeoutMilliseconds: Int64

    package init(
        leaseMilliseconds: Int64 = defaultLeaseMilliseconds, keep: Int = defaultKeep, onFenced: String? = nil, onSuspended: String? = nil,
        onPromote: String? = nil, fence: String? = nil, check: String? = nil, timeoutMilliseconds: Int64 = defaultTimeoutMilliseconds
    ) {
        self.leaseMilliseconds = leaseMilliseconds
        self.keep = keep
        self.onFenced = onFenced
        self.onSuspended = onSuspended
        self.onPromote = onPromote
        self.fence = fence
        self.check = check
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Milliseconds between two looks at the target by the service: a minute, or a third of the lease when that is less.
    package var glanceMilliseconds: Int64 { min(60_000, max(200, leaseMilliseconds / 3)) }
}

extension ClusterFileReader {
    private static let standbyKeys = ["lease", "keep", "on-fenced", "on-suspended", "on-promote", "fence", "check", "timeout"]

    mutating func standby(_ map: YamlMap) -> StandbySettings {
        guard let node = map.node("standby") else { return StandbySettings() }
        let line = map.line(of: "standby")
        guard let entry = YamlMap(node, what: "standby", known: Self.standbyKeys, line: line, into: &complaints) else {
            return StandbySettings()
        }
        return StandbySettings(
            leaseMilliseconds: duration("lease", in: entry, otherwise: StandbySettings.defaultLeaseMilliseconds)
                ?? StandbySettings.defaultLeaseMilliseconds,
            keep: keep(entry), onFenced: entry.optional("on-fenced", into: &complaints),
            onSuspended: entry.optional("on-suspended", into: &complaints), onPromote: entry.optional("on-promote", into: &complaints),
            fence: entry.optional("fence", into: &complaints), check: entry.optional("check", into: &complaints),
            timeoutMilliseconds: duration("timeout", in: entry, otherwise: StandbySettings.defaultTimeoutMilliseconds)
                ?? StandbySettings.defaultTimeoutMilliseconds)
    }

    private mutating func keep(_ entry: YamlMap) -> Int {
        guard let node = entry.node("keep") else { return StandbySettings.defaultKeep }
        if let count = node.scalar.flatMap({ Int($0.string) }), (1...StandbySettings.mostKept).contains(count) { return count }
        complaints.add(
            "keep is not a number of points", line: entry.line(of: "keep"),
            remedy: "write a whole number from 1 to \(StandbySettings.mostKept)")
        return StandbySettings.defaultKeep
    }
}
