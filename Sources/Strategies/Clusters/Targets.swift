import HostIO
package import Model
import ObjectStorage
package import RepositoryEngine
import ResticFormat

/// A place for backups, from the cluster file or added by command.
package struct TargetPlace: Hashable, Sendable {
    package var name: String
    /// Absolute; the restic repository itself.
    package var path: String
    /// Nil until the first use of a target of the cluster file.
    package var record: TargetRecord?
}

extension Cluster {
    /// Targets of the cluster file, then those added by command.
    package func targets() throws -> [TargetPlace] {
        let records = try catalogue().targets
        let declared = file.targets.map { target in
            TargetPlace(name: target.name, path: target.path, record: records.first { $0.name == target.name && $0.path == target.path })
        }
        let added = records.filter { record in !file.targets.contains { $0.name == record.name } }
        return declared + added.map { TargetPlace(name: $0.name, path: $0.path, record: $0) }
    }

    package func target(named name: String) throws -> TargetPlace {
        let targets = try targets()
        guard !targets.isEmpty else {
            throw Failure(.notFound, "the cluster \(file.name) has no target", hint: "add one: holdfast target add \(printable(name)) PATH")
        }
        return try pick(name, from: targets, what: "target") { $0.name }
    }

    /// Of one that was used before.
    package func missing(_ target: TargetPlace) -> Failure {
        Failure(
            .storage, "the target \(target.name) has no repository at \(target.path) any more",
            hint: "mount the disk or share, then run the command again")
    }

    /// The repository of a target that is known. One that was used before and is not there now is never made anew: a share that is
    /// not mounted looks like an empty directory.
    package func repository(of target: TargetPlace) throws -> OpenRepository {
        guard try isRepository(target.path) else {
            guard target.record == nil else {
                throw missing(target)
            }
            return try addTarget(target.name, path: target.path)
        }
        let repository = try open(target.path)
        if target.record == nil { try remember(target.name, path: target.path, repository) }
        return repository
    }

    /// Makes a repository at `path`, or takes over one that opens with the cluster's password, and remembers it as a target.
    package func addTarget(_ name: String, path: String) throws -> OpenRepository {
        try NameRule.check(name, of: "target")
        try checkOverlaps(with: [NamedPlace(.target, "the target \(name)", path)])
        for target in try targets() where (target.name == name) != (target.path == path) {
            throw Failure(
                .exists, "the target \(target.name) at \(target.path) exists already", hint: "holdfast target ls shows the targets")
        }
        try checkIsNoTarget(path, besides: name)
        try place(at: path).make()
        let exists = try isRepository(path)
        guard try exists || isFree(path) else {
            throw Failure(.refused, "\(path) is not empty and holds no repository", hint: "choose an empty or a new directory")
        }
        let repository = try exists ? open(path) : create(path)
        try remember(name, path: path, repository)
        keepBallast(at: path)
        return repository
    }

    /// Empty, or with no more than an interrupted making of a repository leaves, or than lies in every directory of its kind.
    private func isFree(_ path: String) throws -> Bool { try place(at: path).names()?.allSatisfy(Self.isNotInTheWay) ?? true }

    private static let parts: Set = ["data", "holdfast", "index", "keys", "locks", "snapshots"]

    /// Whether a repository can be made beside something of that name.
    static func isNotInTheWay(_ name: String) -> Bool { parts.contains(name) || Litter.isOne(name) }

    private func remember(_ name: String, path: String, _ repository: OpenRepository) throws {
        guard try catalogue().target(named: name) == nil else { return }
        let entries = try EntryReader.list(.backup, in: repository).listing.entries
        try updateCatalogue { catalogue in
            try catalogue.addTarget(TargetRecord(name: name, path: path, added: host.clock.now()))
            let own = entries.filter { $0.manifest.cluster.id == catalogue.clusterID }
            for entry in own { catalogue.note(BackupNote(of: entry, in: name)) }
        }
        try rememberAll(in: repository, at: path)
    }

    /// What is unwise about a target: that it shares a disk with what it protects.
    package func concerns(about path: String) -> [String] {
        guard let target = try? whereabouts(of: path) else { return [] }
        let places = whereaboutsOfStores()
        let same = file.stores.filter { places[$0.name]?.isLost(with: target) ?? false }.map(\.name)
        return same.isEmpty
            ? [] : ["\(path) is on the same disk as \(listed(same)): it does not survive the loss of that disk"]
    }
}

extension BackupNote {
    package init(of entry: RepositoryEntry, in target: String) {
        self.init(
            target: target, id: entry.id.hex, cut: entry.manifest.cut.began, isGood: entry.quality == .good,
            keepsContent: entry.manifest.keepsContent,
            stores: entry.manifest.stores.reduce(into: [:]) { $0[$1.name] = $1.path })
    }
}
