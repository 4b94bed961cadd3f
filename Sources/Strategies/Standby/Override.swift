package import Clusters
import HostIO
package import Model

/// The one way back of a fenced cluster that is not through its successor, and the way on from records that nobody has signed: a person says so, and it is
/// written down in the target.
package struct StandbyOverride: Sendable {
    private let cluster: Cluster
    /// Whether an active installation begins anew where records are not signed, as those of an older Holdfast.
    private let acceptsUnsigned: Bool

    package init(_ cluster: Cluster, acceptsUnsigned: Bool = false) {
        self.cluster = cluster
        self.acceptsUnsigned = acceptsUnsigned
    }

    /// What is overridden in one target.
    private enum Subject {
        case fencing(Standing.Fencing)
        case unsigned([(target: String, numbers: [UInt64])])
    }

    /// Throws `refused` unless the cluster is fenced here, or there are unsigned records that are accepted.
    package func plan(_ words: String) throws -> StandbyChangePlan {
        try cluster.lookAtEpochs()
        switch try subject() {
        case .fencing(let fencing): return try plan(words, fencing)
        case .unsigned(let places): return try plan(words, places)
        }
    }

    private func plan(_ words: String, _ fencing: Standing.Fencing) throws -> StandbyChangePlan {
        let record = fencing.record
        let host = printable(record.host)
        let next = try number(in: fencing.target, try cluster.standing())
        return StandbyChangePlan(
            PlanSummary(
                title: "take the cluster \(cluster.file.name) back from \(host)",
                lines: [
                    PlanSummary.Line("owner", "\(host), epoch \(record.epoch), since \(record.raised.readable)"),
                    PlanSummary.Line("reason", words),
                    PlanSummary.Line("then", "epoch \(next) is this one's, and \(host) is fenced"),
                ],
                warnings: ["the stores here stay as they are: they lack what was written on \(host)"],
                losses: [
                    "what was written on \(host) since \(record.raised.readable), unless it becomes a standby of this one: then it is saved there"
                ],
                undo: "holdfast standby start on this one, from \(host)"))
    }

    private func plan(_ words: String, _ places: [(target: String, numbers: [UInt64])]) throws -> StandbyChangePlan {
        var lines: [PlanSummary.Line] = []
        for place in places {
            let claim = try place.numbers.max().flatMap { try cluster.epochs(in: place.target).unsignedRecord($0) }
            let says =
                claim.map { "epoch \($0.epoch) is of \(printable($0.host)), raised \($0.raised.readable)" } ?? "nothing that can be read"
            lines.append(PlanSummary.Line("not signed", "\(place.target): \(says)"))
            lines.append(
                PlanSummary.Line("then", "epoch \(try number(in: place.target, try cluster.standing())) there is this one's, signed"))
        }
        return StandbyChangePlan(
            PlanSummary(
                title: "go on as the active installation of \(cluster.file.name), and let records that are not signed count no more",
                lines: lines + [PlanSummary.Line("reason", words)],
                warnings: [
                    "anybody who can write in the target may have written those records: make sure that no other installation is the active one, because it is fenced by this"
                ],
                losses: [], undo: "holdfast standby promote on the other one"))
    }

    private func subject() throws -> Subject {
        let standing = try cluster.standing()
        if standing.role == .fenced, let fencing = standing.fencing { return .fencing(fencing) }
        guard acceptsUnsigned, standing.role == .active else {
            throw Failure(
                .refused, "the cluster \(cluster.file.name) is not fenced here", hint: "holdfast cluster status -c \(cluster.file.path)")
        }
        let paths = Set(try cluster.targets().filter { $0.record != nil }.map(\.path) + standing.watched.map(\.target)).sorted()
        let places = try paths.filter { !HDFSAddress.isMeant(by: $0) }.compactMap { path -> (target: String, numbers: [UInt64])? in
            let look = try cluster.epochs(in: path).look()
            return look.newest == nil && !look.unsigned.isEmpty ? (path, look.unsigned) : nil
        }
        guard !places.isEmpty else {
            throw Failure(
                .refused, "in no target of \(cluster.file.name) are there unsigned records and no signed ones",
                hint: "holdfast cluster status -c \(cluster.file.path)")
        }
        return .unsigned(places)
    }

    /// Above all that was ever seen, and above unsigned records, which are told of only as long as they are the newest.
    private func number(in target: String, _ standing: Standing) throws -> UInt64 {
        let folder = try cluster.epochs(in: target)
        let look = try folder.look()
        let last = max(look.newest?.epoch ?? 0, standing.lastEpoch(in: target))
        return try folder.free(after: look.unsigned.filter { $0 < last + 1000 }.reduce(last, max))
    }

    /// Raises the epoch for this installation; gives the records. Throws `fenced` when somebody else raised it meanwhile.
    package func run(_ words: String) throws -> EpochRecord {
        try cluster.exclusively("standby override") {
            try cluster.recording("standby override: \(printable(words, limit: 200))") {
                let targets: [String] =
                    switch try subject() {
                    case .fencing(let fencing): [fencing.target]
                    case .unsigned(let places): places.map { $0.target }
                    }
                let records = try cluster.changeStanding { standing in try targets.map { try raise(in: $0, words, &standing) } }
                guard let record = records.max(by: { $0.epoch < $1.epoch }) else {
                    throw Failure(.internal, "there is nothing to override")
                }
                return record
            }
        }
    }

    private func raise(in target: String, _ words: String, _ standing: inout Standing) throws -> EpochRecord {
        let folder = try cluster.epochs(in: target)
        let last = try number(in: target, standing) - 1
        let record = try cluster.record(after: last, in: folder, owner: standing.member, .override, words: words)
        if let winner = try folder.raise(record) {
            throw Failure(
                .fenced, "\(winner.host) raised the epoch meanwhile", hint: "look again: holdfast cluster status -c \(cluster.file.path)")
        }
        standing.own(target, record.epoch, at: cluster.host.readClocks())
        return record
    }
}
