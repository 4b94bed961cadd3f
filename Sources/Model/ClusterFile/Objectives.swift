import Yams

/// How much may be lost, and how long it may take until everything is back: `objectives:` of the cluster file. What a policy says itself counts
/// instead.
package struct Objectives: Hashable, Sendable {
    package struct Aim: Hashable, Sendable {
        /// How old the newest good one may become.
        package var rpo: Period?
        /// How long it may take until it is back in use.
        package var rto: Period?

        package init(rpo: Period? = nil, rto: Period? = nil) {
            self.rpo = rpo
            self.rto = rto
        }
    }

    package var snapshots = Aim()
    package var backups = Aim()
    /// Of the state that a standby holds, and of its promotion.
    package var standby = Aim()
    /// How old the newest good drill may become.
    package var drills: Period?

    package init() {}
}

extension ClusterFileReader {
    mutating func objectives(_ map: YamlMap) -> Objectives {
        var objectives = Objectives()
        guard let node = map.node("objectives") else { return objectives }
        let (line, known) = (map.line(of: "objectives"), ["snapshots", "backups", "drills", "standby"])
        guard let entry = YamlMap(node, what: "objectives", known: known, line: line, into: &complaints) else { return objectives }
        objectives.snapshots = aim("snapshots", entry)
        objectives.backups = aim("backups", entry)
        objectives.standby = aim("standby", entry)
        objectives.drills = period("drills", entry)
        return objectives
    }

    private mutating func aim(_ key: String, _ map: YamlMap) -> Objectives.Aim {
        guard let node = map.node(key) else { return Objectives.Aim() }
        let line = map.line(of: key)
        guard let entry = YamlMap(node, what: key, known: ["rpo", "rto"], line: line, into: &complaints) else { return Objectives.Aim() }
        return Objectives.Aim(rpo: period("rpo", entry), rto: period("rto", entry))
    }

    private mutating func period(_ key: String, _ map: YamlMap) -> Period? {
        guard let node = map.node(key) else { return nil }
        let line = map.line(of: key)
        guard let text = node.scalar?.string else {
            complaints.add(
                "\(key) is \(YamlText.kind(of: node)), not a length of time", line: line, remedy: "write one such as \(key): 2h")
            return nil
        }
        do throws(Failure) { return try Period(text, for: key) } catch {
            complaints.add(error.message, line: line, remedy: error.hint)
            return nil
        }
    }
}
