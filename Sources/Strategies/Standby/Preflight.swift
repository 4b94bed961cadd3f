import Clusters
import HostIO
import Model
import RepositoryEngine
import ResticFormat
import Snapshots
import StoreContract

/// What has to be right before a cluster can be a standby. Looks at everything and lists all that is wrong.
struct Preflight {
    /// Hosts whose clocks differ by more take each other's locks for a dead one's.
    static let mostClockDifference: Double = 1800
    static let strangeClockDifference: Double = 60

    let cluster: Cluster
    let from: String
    /// As it was typed: an id, the beginning of one, or the cluster's name.
    let wanted: String
    let room: RoomCheck
    let job: JobControl

    private(set) var problems: [String] = []
    private(set) var warnings: [String] = []
    private(set) var checks: [String] = []
    private(set) var repository: OpenRepository?
    private(set) var newest: RepositoryEntry?
    private var reader: EntryReader?
    private(set) var matching: StoreMatching?
    private(set) var isGoingOn = false
    private(set) var savesDivergence = false

    init(_ cluster: Cluster, from: String, wanted: String, room: RoomCheck, job: JobControl) {
        self.room = room
        self.job = job
        self.cluster = cluster
        self.from = from
        self.wanted = wanted
    }

    mutating func run() throws {
        lookAtTarget()
        if let newest {
            lookAtPlace(newest.manifest.cluster)
            lookAtClocks(newest.manifest.cluster.id)
            lookAtStores(newest.manifest)
            if let matching { lookAtForms(matching, newest) }
            if savesDivergence { lookAtServers() }
            if matching != nil { lookAtSpace(newest) }
            lookAtVersions(newest.manifest)
        }
        guard problems.isEmpty else {
            throw Failure(
                .refused,
                ([
                    "\(counted(problems.count, "thing")) \(problems.count == 1 ? "keeps" : "keep") \(cluster.file.path) from being a standby:"
                ]
                    + problems.map { "  - \($0)" }).joined(separator: "\n"),
                hint: "put \(problems.count == 1 ? "it" : "them") right, then run the command again; nothing was changed")
        }
    }

    private mutating func complain(_ what: String, _ error: any Error) { problems.append("\(what): \(Failure(describing: error).summary)") }

    private mutating func lookAtTarget() {
        do {
            do { try cluster.checkOverlaps(with: [NamedPlace(.target, "the target", from)]) } catch {
                problems.append(Failure(describing: error).summary)
            }
            guard try cluster.isRepository(from) else {
                problems.append("there is no repository at \(from): mount the target's disk or share")
                return
            }
            let opened = try cluster.openForCopying(from)
            let lock = try opened.lock(.read, patience: .seconds(30))
            defer { lock.release() }
            let (listing, reader) = try EntryReader.list(.backup, in: opened)
            repository = opened
            newest = try newest(in: listing)
            self.reader = reader
        } catch { complain("the target \(from)", error) }
    }

    private mutating func newest(in listing: EntryListing) throws -> RepositoryEntry? {
        let clusters = Set(listing.entries.map(\.manifest.cluster.id))
        let matching = clusters.filter { id in
            id == wanted || wanted.utf8.count >= 6 && id.hasPrefix(wanted)
                || listing.entries.contains { $0.manifest.cluster.id == id && $0.manifest.cluster.name == wanted }
        }
        guard let id = matching.first, matching.count == 1 else {
            let known = Dictionary(listing.entries.map { ($0.manifest.cluster.id, $0.manifest.cluster.name) }) { $1 }
            let words =
                known.isEmpty
                ? "it holds no backup"
                : "it holds " + known.sorted { $0.key < $1.key }.map { "\($0.value) (\($0.key))" }.joined(separator: ", ")
            problems.append("the target holds \(matching.isEmpty ? "no cluster" : "several clusters") \"\(printable(wanted))\": \(words)")
            return nil
        }
        let full = listing.entries.last { $0.manifest.cluster.id == id && $0.manifest.mode == .full }
        if full == nil {
            problems.append("there is no full backup of the cluster \(id): holdfast backup create --mode full on the active one")
        }
        return full
    }

    /// Empty, a standby of that cluster, or the old primary of it that was fenced.
    private mutating func lookAtPlace(_ identity: ClusterIdentity) {
        if cluster.file.name != identity.name {
            problems.append(
                "\(cluster.file.path) calls the cluster \(cluster.file.name), its backups call it \(identity.name): they are one cluster")
        }
        do {
            guard let catalogue = try cluster.state.current() else { return lookWhetherEmpty() }
            guard catalogue.clusterID == identity.id else {
                problems.append(
                    "in \(cluster.file.state) there is another cluster (\(catalogue.clusterName), id \(catalogue.clusterID)): use another cluster file"
                )
                return
            }
            try cluster.lookAtEpochs()
            try yieldToOwner(identity.id)
            switch try cluster.standing().role {
            case .standby: isGoingOn = true
            case .fenced: savesDivergence = true
            case .active:
                problems.append("this is the active installation of the cluster \(identity.name): only one that is fenced can be a standby")
            }
        } catch { complain("the state", error) }
    }

    /// The target may be mounted at another place than when this was the active one.
    private func yieldToOwner(_ id: String) throws {
        let owner = try cluster.epochs(in: from, of: id).newest()
        let standing = try cluster.standing()
        guard let owner, standing.role == .active, owner.owner != standing.member else { return }
        try cluster.changeStanding { $0.yield(to: owner, in: from, at: cluster.host.clock.now(), hook: nil) }
        try cluster.lookAtEpochs()
    }

    private mutating func lookWhetherEmpty() {
        for store in cluster.file.stores {
            do {
                guard try cluster.adapter(for: store).isEmpty() else {
                    problems.append("the store \(store.name) is not empty: \(store.path)")
                    continue
                }
            } catch { complain("the store \(store.name)", error) }
        }
    }

    private mutating func lookAtClocks(_ id: String) {
        do {
            let folder = try cluster.epochs(in: from, of: id)
            let own = try folder.clock().secondsSince(cluster.host.clock.now())
            checks.append("the target can be written")
            guard let (notice, fileTime) = try folder.active() else { return }
            let difference = abs(fileTime.secondsSince(notice.written) - own)
            let words = "the clocks of \(notice.host) and \(cluster.host.name) differ by \(DurationText.spoken(seconds: difference))"
            if difference > Self.mostClockDifference {
                problems.append("\(words): set them right")
            } else if difference > Self.strangeClockDifference {
                warnings.append(words)
            }
        } catch { complain("the target \(from) cannot be written, so nothing could be fenced through it", error) }
    }

    private mutating func lookAtStores(_ manifest: Manifest) {
        for record in manifest.stores {
            guard let store = cluster.file.store(named: record.name) else {
                problems.append("\(cluster.file.path) lacks the store \(record.name) (\(record.kind.rawValue))")
                continue
            }
            if store.kind != record.kind {
                problems.append(
                    "\(cluster.file.place(of: "stores.\(store.name)")): the store \(store.name) is of kind \(store.kind.rawValue), in the backup of kind \(record.kind.rawValue)"
                )
            }
        }
        for store in cluster.file.stores where manifest.store(named: store.name) == nil {
            warnings.append("the backup has nothing for the store \(store.name)")
        }
        matching = try? matchStores(of: manifest, to: cluster.file, without: [])
    }

    /// Which of the two forms of a backup its stores are kept in. Dumps are loaded into a server that serves.
    private mutating func lookAtForms(_ matching: StoreMatching, _ entry: RepositoryEntry) {
        guard let reader else { return }
        for pair in matching.pairs {
            let name = pair.declaration.name
            do {
                guard let form = try OfflineStandby(cluster).form(of: pair, in: entry, reader) else { continue }
                guard form.form == .portable else {
                    checks.append("\(name) is kept as \(form.words)")
                    continue
                }
                warnings.append("\(name) is kept as \(form.words)")
                if !isGoingOn { _ = try cluster.adapter(for: pair.declaration).open() }
            } catch { complain("the store \(name)", error) }
        }
    }

    /// What an old primary holds is saved first, and only a server that serves can be read.
    private mutating func lookAtServers() {
        for store in cluster.file.stores where store.kind == .postgres {
            do {
                let adapter = try cluster.adapter(for: store)
                if try !adapter.isEmpty() { _ = try adapter.open() }
            } catch {
                complain("the store \(store.name) cannot be saved before it is replaced: start its server, or move its files away", error)
            }
        }
    }

    /// Stores, and the repository of the points, which holds no more than they do.
    private mutating func lookAtSpace(_ entry: RepositoryEntry) {
        guard var matching, let reader else { return }
        var needs: [String: (space: StoreSpace, bytes: UInt64)] = [:]
        do {
            for index in matching.pairs.indices where !isGoingOn && !savesDivergence {
                let pair = matching.pairs[index]
                guard let space = try cluster.adapter(for: pair.declaration).space() else { continue }
                matching.pairs[index].room = try cluster.room(for: pair.record, in: entry, reader, space, job: job)
                let bytes = max(matching.pairs[index].room, pair.record.physicalBytes ?? 0)
                needs[space.fileSystem] = (space, (needs[space.fileSystem]?.bytes ?? 0).addingSaturated(bytes))
            }
            self.matching = matching
            if !isGoingOn, !savesDivergence, !HDFSAddress.isMeant(by: cluster.file.storage),
                let space = try StoreSpace.local(cluster.file.storage)
            {
                let bytes = matching.pairs.reduce(UInt64(0)) { $0.addingSaturated($1.room).addingSaturated($1.record.physicalBytes ?? 0) }
                needs[space.fileSystem] = (space, (needs[space.fileSystem]?.bytes ?? 0).addingSaturated(bytes))
            }
        } catch { complain("room", error) }
        for need in needs.values.sorted(by: { $0.space.place < $1.space.place }) {
            let words = "\(ByteCount(need.space.free)) free at \(need.space.place)"
            if need.space.free > need.bytes {
                checks.append(words)
            } else {
                let problem = "\(words), stores and points take up to \(ByteCount(need.bytes))"
                if room == .warns { warnings.append(problem) } else { problems.append("\(problem) (--ignore-space goes on all the same)") }
            }
        }
    }

    private mutating func lookAtVersions(_ manifest: Manifest) {
        if manifest.cluster.release != cluster.file.release {
            warnings.append(
                "the active one runs release \(manifest.cluster.release), \(cluster.file.path) says \(cluster.file.release): the software has to migrate the state when it takes over"
            )
        }
        if manifest.program != cluster.program {
            warnings.append("the backups are made by \(manifest.program), this is \(cluster.program)")
        }
        warnings += manifest.shortcomings.map { "the newest backup is not whole: \($0)" }
    }
}
