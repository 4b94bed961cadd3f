import Yams

/// What a command, or a file, says about a policy; nil is nothing.
package struct PolicyChange: Hashable, Sendable {
    package var every: String?
    package var offset: String?
    package var keep: String?
    /// Periods, or `none`.
    package var objective: String?
    package var recoveryObjective: String?
    package var target: String?
    package var mode: BackupMode?
    /// How much of a new backup is read: `none`, `all`, or percents such as `5%`.
    package var verify: String?
    /// A period, or `none`.
    package var drill: String?
    package var form: StoredForm?
    package var manualWarning: Int?
    package var manualRefusal: Int?

    package init(
        every: String? = nil, offset: String? = nil, keep: String? = nil, objective: String? = nil, target: String? = nil,
        mode: BackupMode? = nil
    ) {
        self.every = every
        self.offset = offset
        self.keep = keep
        self.objective = objective
        self.target = target
        self.mode = mode
    }

    package var isEmpty: Bool { self == PolicyChange() }

    /// Throws `usage` for what makes no sense, by itself or together with what stays.
    package func applied(to policy: SnapshotPolicy) throws(Failure) -> SnapshotPolicy {
        var changed = policy
        changed.schedule = try policy.schedule.changed(every: every, offset: offset)
        if let keep { changed.keep = try KeepRules(keep, most: SnapshotPolicy.mostKept) }
        changed.objective = try newObjective(policy.objective)
        changed.recoveryObjective = try newRecoveryObjective(policy.recoveryObjective)
        changed.manual = try ManualLimits(
            warning: manualWarning ?? min(policy.manual.warning, manualRefusal ?? .max), refusal: manualRefusal ?? policy.manual.refusal)
        return changed
    }

    package func applied(to policy: BackupPolicy) throws(Failure) -> BackupPolicy {
        var changed = policy
        changed.schedule = try policy.schedule.changed(every: every, offset: offset)
        if let keep { changed.keep = try KeepRules(keep, most: BackupPolicy.mostKept) }
        changed.objective = try newObjective(policy.objective)
        changed.recoveryObjective = try newRecoveryObjective(policy.recoveryObjective)
        changed.target = target ?? policy.target
        changed.mode = mode ?? policy.mode
        changed.verifyPercent = try newVerifyPercent(policy.verifyPercent)
        changed.drill = try newDrill(policy.drill)
        changed.form = form ?? policy.form
        return changed
    }

    /// A policy of nothing else. Throws `usage` when it lacks something.
    package func backupPolicy(named name: String, target: String) throws(Failure) -> BackupPolicy {
        guard let every, let keep else {
            throw Failure(
                .usage, "a backup policy needs a period and rules of what to keep",
                hint: "for instance --every 1d --offset 2h --keep 7@1d,4@1w")
        }
        var policy = try BackupPolicy(
            name: name, target: target, mode: mode ?? .full, schedule: Schedule(every: every, offset: offset ?? "0"),
            keep: KeepRules(keep, most: BackupPolicy.mostKept))
        policy.objective = try newObjective(nil)
        policy.recoveryObjective = try newRecoveryObjective(nil)
        policy.verifyPercent = try newVerifyPercent(nil)
        policy.drill = try newDrill(nil)
        policy.form = form
        return policy
    }

    private func newDrill(_ old: Period?) throws(Failure) -> Period? {
        guard let drill else { return old }
        return drill == "none" ? nil : try Period(drill, for: "drill")
    }

    private func newVerifyPercent(_ old: Int?) throws(Failure) -> Int? {
        guard let verify else { return old }
        return try Self.percent(verifying: verify)
    }

    /// Throws `usage`.
    package static func percent(verifying text: String) throws(Failure) -> Int {
        switch text {
        case "none": return 0
        case "all": return 100
        default:
            let digits = text.hasSuffix("%") ? text.dropLast() : ""
            if let percent = Int(digits), digits.allSatisfy(\.isNumber), (0...100).contains(percent) { return percent }
            throw Failure(
                .usage, "verify: \"\(printable(text))\" is not a share of the data", hint: "write none, all, or percents such as 5%")
        }
    }

    private func newObjective(_ old: Period?) throws(Failure) -> Period? {
        guard let objective else { return old }
        return objective == "none" ? nil : try Period(objective, for: "rpo")
    }

    private func newRecoveryObjective(_ old: Period?) throws(Failure) -> Period? {
        guard let recoveryObjective else { return old }
        return recoveryObjective == "none" ? nil : try Period(recoveryObjective, for: "rto")
    }
}

/// The file that `--from` takes, and `show --yaml` writes.
extension PolicyChange {
    private static let form = YamlForm(code: .usage, what: "a policy", page: "docs/policies.md")

    /// Throws `usage` with every error found, each with its line.
    package init(parsing text: String, at path: String, of kind: ManifestKind) throws(Failure) {
        var complaints = Complaints(path: path, form: Self.form)
        let root = try Self.form.compose(text, at: path)
        let own = kind == .snapshot ? ["manual"] : ["target", "mode", "verify", "drill", "physical"]
        let known = ["every", "offset", "keep", "rpo", "rto"] + own
        self.init()
        if let map = YamlMap(root, what: "the policy", known: known, line: 1, into: &complaints) {
            every = map.optional("every", into: &complaints)
            offset = map.optional("offset", into: &complaints)
            keep = Self.keep(map, &complaints)
            objective = map.optional("rpo", into: &complaints)
            recoveryObjective = map.optional("rto", into: &complaints)
            target = map.optional("target", into: &complaints)
            mode = Self.mode(map, &complaints)
            verify = map.optional("verify", into: &complaints)
            drill = map.optional("drill", into: &complaints)
            form = Self.form(map, &complaints)
            if let node = map.node("manual") { readLimits(node, map.line(of: "manual"), &complaints) }
        }
        guard complaints.isEmpty else { throw complaints.failure }
    }

    /// One text, or a list of rules.
    private static func keep(_ map: YamlMap, _ complaints: inout Complaints) -> String? {
        guard let node = map.node("keep") else { return nil }
        guard node.sequence != nil else { return map.optional("keep", into: &complaints) }
        let line = map.line(of: "keep")
        var rules: [String] = []
        for item in map.list("keep", into: &complaints) {
            if let rule = YamlText.string(item, key: "keep", line: line, into: &complaints) { rules.append(rule) }
        }
        return rules.joined(separator: ",")
    }

    private static func mode(_ map: YamlMap, _ complaints: inout Complaints) -> BackupMode? {
        guard let text = map.optional("mode", into: &complaints) else { return nil }
        if let mode = BackupMode(rawValue: text) { return mode }
        complaints.add(
            "unknown mode \"\(printable(text))\"", line: map.line(of: "mode"),
            remedy: "modes are \(BackupMode.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    private static func form(_ map: YamlMap, _ complaints: inout Complaints) -> StoredForm? {
        guard let node = map.node("physical") else { return nil }
        switch node.scalar?.string {
        case "true": return .physical
        case "false": return .portable
        default:
            complaints.add("physical is neither true nor false", line: map.line(of: "physical"), remedy: "write physical: true")
            return nil
        }
    }

    private mutating func readLimits(_ node: Node, _ line: Int, _ complaints: inout Complaints) {
        guard let map = YamlMap(node, what: "manual", known: ["warn", "refuse"], line: line, into: &complaints) else { return }
        manualWarning = Self.number("warn", map, &complaints)
        manualRefusal = Self.number("refuse", map, &complaints)
    }

    private static func number(_ key: String, _ map: YamlMap, _ complaints: inout Complaints) -> Int? {
        guard let node = map.node(key) else { return nil }
        if let text = node.scalar?.string, let number = Int(text) { return number }
        complaints.add("\(key) is not a whole number", line: map.line(of: key), remedy: "such as \(key): 15")
        return nil
    }
}

extension SnapshotPolicy {
    /// What `--from` takes.
    package var yaml: String {
        """
        every: \(schedule.every)
        offset: \(schedule.offsetText)
        keep: [\(keep.rules.map(\.text).joined(separator: ", "))]
        rpo: \(objective?.text ?? "none")
        rto: \(recoveryObjective?.text ?? "none")
        manual: {warn: \(manual.warning), refuse: \(manual.refusal)}
        """
    }
}

extension BackupPolicy {
    /// What `--from` takes.
    package var yaml: String {
        """
        target: \(target)
        mode: \(mode.rawValue)
        every: \(schedule.every)
        offset: \(schedule.offsetText)
        keep: [\(keep.rules.map(\.text).joined(separator: ", "))]
        rpo: \(objective?.text ?? "none")
        rto: \(recoveryObjective?.text ?? "none")
        drill: \(drill?.text ?? "none")
        """ + (verifyPercent.map { "\nverify: \($0)%" } ?? "") + (form.map { "\nphysical: \($0 == .physical)" } ?? "")
    }
}
