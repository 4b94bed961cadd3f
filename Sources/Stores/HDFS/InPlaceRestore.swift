import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract
import WebHDFS

/// Takes a directory of HDFS back to a snapshot of it by a plan: renames are undone by renames, what was appended is cut off, and only what
/// is gone or overwritten is read from the snapshot.
///
/// Interrupted anywhere, the next plan begins with what HDFS then says has changed, what was moved aside included, and comes to the
/// same end.
final class InPlaceRestore {
    private static let asidePrefix = ".holdfast-aside-"

    private let image: HDFSImage
    private let plan: InPlacePlan
    private let mostReplicas: Int
    private let host: Host
    private let issues: IssueCollector
    private let job: JobControl
    /// Newer places of what is aside, the deepest first, and where it is.
    private var aside: [(place: PlaceBelow, at: PlaceBelow, home: PlaceBelow)] = []
    private var outcome = StoreRestoreOutcome(bytesWritten: 0, entriesChanged: 0, issues: 0)

    private var client: HDFSClient { image.client }

    init(_ image: HDFSImage, _ plan: InPlacePlan, mostReplicas: Int, host: Host, issues: IssueCollector, job: JobControl) {
        self.image = image
        self.plan = plan
        self.mostReplicas = mostReplicas
        self.host = host
        self.job = job
        self.issues = issues
    }

    func run() throws -> StoreRestoreOutcome {
        let unmoved = try moveAside()
        for place in plan.removals {
            try job.checkCancelled()
            try excusing(place) { if try client.remove(path(present(place)), .tree) { outcome.entriesChanged += 1 } }
        }
        let unreturned = try moveBack()
        for place in (plan.creations + unmoved + unreturned).sorted() { try excusing(place) { try create(place) } }
        for (place, rewriting) in plan.rewritings.sorted(by: { $0.key < $1.key }) {
            try excusing(place) { try rewrite(place, rewriting) }
        }
        try setAttributes()
        (outcome.issues, outcome.named) = (issues.count, issues.first)
        return outcome
    }

    private func path(_ place: PlaceBelow) -> HDFSPath { image.directory.appending(place) }

    /// What HDFS refuses for one entry is named, and everything else is restored.
    @discardableResult
    private func excusing(_ place: PlaceBelow, _ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return true
        } catch let error as HDFSError where error.isOfEntry {
            issues.add(EntryIssue(kind: .unrestored, path: place.text, detail: error.failure.summary))
        } catch let error as EntryError {
            issues.add(EntryIssue(kind: .unrestored, path: place.text, detail: error.detail))
        }
        return false
    }

    // MARK: Moves

    /// Two may have changed places, and one may stand in what is to be removed: all are moved out of the way first, the deepest before
    /// what they stand in. Gives the older places of what HDFS does not let go.
    private func moveAside() throws -> [PlaceBelow] {
        guard !plan.moves.isEmpty else { return [] }
        let folder = PlaceBelow.root.appending(Array((Self.asidePrefix + host.randomHex(bytes: 6)).utf8))
        guard try excusing(folder, { try client.makeDirectories(path(folder), permission: 0o700) }) else { return plan.moves.map(\.from) }
        let order = plan.moves.sorted { $0.to.components.count > $1.to.components.count }
        var unmoved: [PlaceBelow] = []
        for (number, move) in order.enumerated() {
            try job.checkCancelled()
            let place = folder.appending(Array("\(number)".utf8))
            if try excusing(move.to, { try client.rename(path(move.to), to: path(place)) }) {
                aside.append((move.to, place, move.from))
            } else {
                unmoved.append(move.from)
            }
        }
        if aside.isEmpty { try client.remove(path(folder)) }
        return unmoved
    }

    /// Where a newer place is while things are aside.
    private func present(_ place: PlaceBelow) -> PlaceBelow {
        for moved in aside where place.isWithin(moved.place) { return place.rebased(from: moved.place, to: moved.at) }
        return place
    }

    /// Gives the older places to which HDFS lets nothing return: that stays aside, under the name that the issue has.
    private func moveBack() throws -> [PlaceBelow] {
        guard let folder = aside.first?.at.parent else { return [] }
        var unreturned: [PlaceBelow] = []
        for moved in aside.sorted(by: { $0.home.components.count < $1.home.components.count }) {
            if try excusing(moved.at, { try client.rename(path(moved.at), to: path(moved.home)) }) {
                outcome.entriesChanged += 1
            } else if try returnToPresent(moved.at, moved.place) {
                unreturned.append(moved.home)
            }
        }
        aside = []
        try excusing(folder) { try client.remove(path(folder)) }
        return unreturned
    }

    /// Whatever cannot go home goes back to where it was; false where that is gone as well.
    private func returnToPresent(_ place: PlaceBelow, _ former: PlaceBelow) throws -> Bool {
        try excusing(place) { try client.rename(path(place), to: path(former)) }
    }

    // MARK: Content

    private func create(_ place: PlaceBelow) throws {
        try job.checkCancelled()
        let parent = image.openDirectory(place.parent)
        guard let status = try client.status(of: image.path(of: place)) else { throw HDFSError(.notFound, "read", image.path(of: place)) }
        var node = Node(status)
        node.name = place.name
        if let file = image.openFile(at: place, status) { node.size = image.reach(of: file, at: place, status).length }
        do { try image.reading { try image.attributes.complete(&node, status, at: image.path(of: place), in: nil) } } catch let error
            as EntryError
        {
            if status.kind != .directory || !image.isClosed(place) {
                issues.add(EntryIssue(kind: .metadata, path: place.text, detail: error.detail))
            }
        }
        let writing = TreeWriting(
            client, image: .source(image), to: image.directory, sparing: .none, mostReplicas: mostReplicas, issues: issues, job: job)
        count(try writing.write(node, of: .source(parent), to: path(place)))
    }

    private func rewrite(_ place: PlaceBelow, _ rewriting: InPlacePlan.Rewriting) throws {
        guard case .truncate(let length) = rewriting else { return try create(place) }
        guard try !isBeingWritten(place) else {
            issues.add(EntryIssue(kind: .open, path: place.text, detail: "somebody is writing it: it stays as it is"))
            return
        }
        if try !client.truncate(path(place), to: length) { try waitForLength(length, of: place) }
        outcome.entriesChanged += 1
    }

    private func isBeingWritten(_ place: PlaceBelow) throws -> Bool {
        guard image.open[place] != nil else { return false }
        return try client.blocks(of: path(place)) == nil
    }

    /// The DataNodes cut a block in the background.
    private func waitForLength(_ length: UInt64, of place: PlaceBelow) throws {
        let start = host.clock.monotonicNanoseconds()
        while try client.status(of: path(place))?.length != length || client.blocks(of: path(place)) == nil {
            try job.checkCancelled()
            guard host.clock.monotonicNanoseconds() &- start < 60_000_000_000 else {
                throw HDFSError(.truncated, "truncate", path(place), detail: "its last block was not recovered within a minute")
            }
            host.clock.sleep(for: .milliseconds(50))
        }
    }

    private func count(_ totals: TreeWriting.Totals) {
        outcome.bytesWritten += totals.bytesWritten
        outcome.entriesChanged += totals.entriesChanged
    }

    // MARK: Attributes

    /// The deepest first: setting one changes the time of none above, but making entries did.
    private func setAttributes() throws {
        let setting = AttributeSetting(client: client, mostReplicas: mostReplicas) { [issues, image] path, detail in
            issues.add(EntryIssue(kind: .metadata, path: path.below(image.directory.description), detail: detail))
        }
        for (place, there) in plan.attributes.sorted(by: { $0.key.components.count > $1.key.components.count }) {
            try job.checkCancelled()
            try excusing(place) {
                guard let status = try client.status(of: image.path(of: place)) else { return }
                var node = Node(status)
                do {
                    try image.attributes.complete(&node, status, at: image.path(of: place), in: nil, .keptBySnapshots)
                } catch let error as EntryError {
                    issues.add(EntryIssue(kind: .metadata, path: place.text, detail: error.detail))
                }
                let isAnew = plan.rewritings[place] == .whole
                try setting.set(node.withoutPolicies, on: path(place), there: isAnew ? nil : there.withoutPolicies)
                if plan.rewritings[place] == nil, !node.hasSameHDFSAttributes(as: there) { outcome.entriesChanged += 1 }
            }
        }
    }
}

extension HDFSError {
    /// HDFS refuses something of one entry, for good: the next one may be taken.
    var isOfEntry: Bool {
        switch kind {
        case .permission, .exists, .notDirectory, .notEmpty, .snapshotInTheWay, .invalid, .noReplica, .truncated, .other: true
        default: false
        }
    }
}

extension Node {
    /// Without what a snapshot does not keep: HDFS gives the policies and quotas of now for it.
    var withoutPolicies: Node {
        var node = self
        guard var own = try? EntryAttributes(of: self) else { return node }
        (own.storagePolicy, own.erasureCoding, own.nameQuota, own.spaceQuota) = (nil, nil, nil, nil)
        node.extendedAttributes.removeAll { $0.name == EntryAttributes.attributeName }
        if let bytes = try? own.encoded(), !own.isEmpty {
            node.extendedAttributes.append(ExtendedAttribute(name: EntryAttributes.attributeName, value: bytes))
        }
        return node
    }
}
