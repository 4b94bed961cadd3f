/// What the loss of a disk would cost now, judged from where things lie and from the newest backups. What `status`, alerts and `advise` say of it comes
/// from here.
package struct LossOfDisk: Hashable, Sendable {
    /// A target, as far as it counts here.
    package struct Target: Hashable, Sendable {
        package var name: String
        /// It can be reached, and a repository is there.
        package var isUsable: Bool
        /// Stores that are lost with it.
        package var sharesDiskWith: [String]
        /// The cut of the newest good backup in it that holds what users have made.
        package var newest: Timestamp?
        /// The same by the store that it has to hold; nil where that is not known, and then it is ``newest``.
        package var newestOf: [String: Timestamp]?
        /// A policy makes such backups in it.
        package var hasPolicy: Bool
        /// Seconds that ``newest`` may be old, the strictest that is asked; nil when nobody asks.
        package var tolerated: Double?
        /// Since when it is in use; nil when it never was.
        package var since: Timestamp?

        package init(
            name: String, isUsable: Bool = true, sharesDiskWith: [String] = [], newest: Timestamp? = nil, hasPolicy: Bool = false,
            tolerated: Double? = nil, since: Timestamp? = nil
        ) {
            self.name = name
            self.isUsable = isUsable
            self.sharesDiskWith = sharesDiskWith
            self.newest = newest
            self.hasPolicy = hasPolicy
            self.tolerated = tolerated
            self.since = since
        }
    }

    package var now: Timestamp
    package var protectedSince: Timestamp
    /// By name.
    package var stores: [String]
    package var targets: [Target]
    /// Seconds that the newest backup may be old, by the cluster file; nil when it asks for nothing.
    package var asked: Double?

    package init(now: Timestamp, protectedSince: Timestamp, stores: [String], targets: [Target], asked: Double? = nil) {
        self.now = now
        self.protectedSince = protectedSince
        self.stores = stores
        self.targets = targets
        self.asked = asked
    }

    /// What stands between a store and its loss.
    package enum Finding: Hashable, Sendable {
        case noTarget
        /// Every target lies on the disk of these stores.
        case shared([String])
        /// Targets that are elsewhere cannot be used now.
        case unusable([String])
        /// Nothing is in the target, which is elsewhere.
        case empty(target: String)
        /// The stores are in no backup in the target, which is elsewhere and has backups. Seconds: the age of its newest one.
        case notHeld([String], target: String, age: Double)
        /// Seconds.
        case old(target: String, age: Double, tolerated: Double)
        /// The newest backup is as young as is asked, if anything is.
        case held(target: String)
    }

    /// Of the store that is worst off.
    package var finding: Finding {
        guard !targets.isEmpty else { return .noTarget }
        let names = stores.isEmpty ? Set(targets.flatMap(\.sharesDiskWith)).sorted() : stores
        let findings = (names.isEmpty ? [""] : names).map { (store: $0, finding: finding(of: $0)) }
        guard let worst = findings.max(by: { $0.finding.rank < $1.finding.rank })?.finding else { return .noTarget }
        let alike = findings.filter { $0.finding.rank == worst.rank }.map(\.store)
        switch worst {
        case .shared: return .shared(alike)
        case .notHeld(_, let target, let age): return .notHeld(alike, target: target, age: age)
        default: return worst
        }
    }

    private func finding(of store: String) -> Finding {
        let elsewhere = targets.filter { !$0.sharesDiskWith.contains(store) }
        guard !elsewhere.isEmpty else { return .shared([store]) }
        let usable = elsewhere.filter(\.isUsable)
        guard let first = usable.first else { return .unusable(elsewhere.map(\.name)) }
        let holding = usable.compactMap { target in target.newest(of: store).map { (target: target, newest: $0) } }
        guard let (best, newest) = holding.max(by: { $0.newest < $1.newest }) else {
            guard let other = usable.first(where: { $0.newest != nil }), let newest = other.newest else {
                return .empty(target: first.name)
            }
            return .notHeld([store], target: other.name, age: max(0, now.secondsSince(newest)))
        }
        let age = max(0, now.secondsSince(newest))
        if let tolerated = tolerated(usable), age > tolerated { return .old(target: best.name, age: age, tolerated: tolerated) }
        return .held(target: best.name)
    }

    /// Whether a backup that young can be from before there was the store, so that the next one will have it.
    func isYoung(_ age: Double) -> Bool { age < (tolerated(targets) ?? 86_400) }

    private func tolerated(_ targets: [Target]) -> Double? { (targets.compactMap(\.tolerated) + [asked].compactMap { $0 }).min() }

    /// Targets on whose backups the finding rests, and into which nothing comes by itself although nobody says how old they may become.
    var isLeftToPeople: String? {
        guard case .held(let name) = finding, asked == nil else { return nil }
        return targets.contains { $0.isUsable && ($0.hasPolicy || $0.tolerated != nil) } ? nil : name
    }

    /// Whoever has just been set up has as long as backups may be old, at most, or a day.
    var isNew: Bool {
        let first = targets.compactMap(\.since).max() ?? protectedSince
        let grace = tolerated(targets) ?? 86_400
        return (0..<grace).contains(now.secondsSince(max(first, protectedSince)))
    }
}

extension LossOfDisk.Target {
    fileprivate func newest(of store: String) -> Timestamp? { newestOf.map { $0[store] } ?? newest }
}

extension LossOfDisk.Finding {
    /// The worse the higher.
    fileprivate var rank: Double {
        switch self {
        case .held: 0
        case .old(_, let age, let tolerated): 1 + min(age / max(tolerated, 1), 1e9) / 1e9
        case .notHeld: 2
        case .empty: 2.5
        case .unusable: 3
        case .shared: 4
        case .noTarget: 5
        }
    }
}

extension FaultAdvice.Gap {
    static func noTarget(_ suffix: String) -> Self { .init("there is no target", "holdfast target add NAME PATH\(suffix)") }

    static func noBackup(in target: String, _ suffix: String) -> Self {
        .init("there is no backup in \(target)", "holdfast backup create --target \(target)\(suffix)")
    }

    static func noPolicy(into target: String, _ suffix: String) -> Self {
        .init(
            "backups into \(target) are not made by themselves",
            "holdfast backup policy create nightly --target \(target) --every 1d --keep 7@1d,4@1w --drill 1w\(suffix)")
    }

    static func old(_ target: String, age: Double, tolerated: Double, _ suffix: String) -> Self {
        .init(
            "the newest backup in \(target) is \(DurationText.age(seconds: age)) old; at most \(DurationText.spoken(seconds: tolerated)) is the aim",
            "holdfast status\(suffix)")
    }

    static func shared(with stores: [String], _ suffix: String) -> Self {
        let names = stores.filter { !$0.isEmpty }
        let whose = names.isEmpty ? "a store" : names.joined(separator: ", ")
        return .init(
            "every target shares a disk with \(whose)", "holdfast target add NAME PATH\(suffix), with a path on another disk or host")
    }
}

extension LossOfDisk.Finding {
    /// What is missing, and the command that brings it; nil when nothing is. `suffix`: what names the cluster in a command.
    func gap(_ suffix: String) -> FaultAdvice.Gap? {
        switch self {
        case .noTarget: .noTarget(suffix)
        case .shared(let stores): .shared(with: stores, suffix)
        case .unusable(let targets): .init("\(targets.joined(separator: ", ")) cannot be used now", "holdfast target ls\(suffix)")
        case .empty(let target): .noBackup(in: target, suffix)
        case .notHeld(let stores, let target, _):
            .init(
                "no backup in \(target) holds \(stores.joined(separator: ", ")) as it is now",
                "holdfast backup create --target \(target)\(suffix)")
        case .old(let target, let age, let tolerated): .old(target, age: age, tolerated: tolerated, suffix)
        case .held: nil
        }
    }
}
