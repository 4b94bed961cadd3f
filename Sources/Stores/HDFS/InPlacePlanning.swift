import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract
import WebHDFS

/// Finds out what differs between a snapshot and the directory as it is: asks HDFS for what has changed and looks at nothing else. Where HDFS refuses
/// to compare, because of one directory that this user may not list, both are walked: what may not be looked at is named and stays as it is.
struct InPlacePlanning {
    private let image: HDFSImage
    private let changes: SnapshotChanges
    /// HDFS does not say what has changed.
    private let isWalking: Bool
    private let issues: IssueCollector
    private let job: JobControl
    private var plan = InPlacePlan()
    /// Directories that are on both sides, and whose entries are still to be compared.
    private var waiting: [Pair] = []

    /// A place as it was and as it is.
    private struct Pair {
        let older: PlaceBelow
        let then: HDFSFileStatus
        let newer: PlaceBelow
        let present: HDFSFileStatus
    }

    private var client: HDFSClient { image.client }

    /// `issues`: gets what cannot be looked at.
    init(_ image: HDFSImage, issues: IssueCollector, job: JobControl) throws {
        self.image = image
        self.issues = issues
        self.job = job
        let diff = try Self.diff(image)
        isWalking = diff == nil
        changes = SnapshotChanges(diff ?? HDFSSnapshotDiff(changes: []))
    }

    /// Nil where HDFS refuses it.
    private static func diff(_ image: HDFSImage) throws(HDFSError) -> HDFSSnapshotDiff? {
        do throws(HDFSError) { return try image.client.snapshotDiff(of: image.directory, from: image.snapshot, to: nil) } catch {
            switch error.kind {
            case .permission, .invalid, .notHDFS, .other: return nil
            default: throw error
            }
        }
    }

    mutating func run() throws -> InPlacePlan {
        if isWalking { try walk() } else { try followChanges() }
        while let pair = waiting.popLast() {
            try job.checkCancelled()
            try compareDirectory(pair)
        }
        try count()
        return plan
    }

    private mutating func walk() throws {
        guard let then = try before(.root), let present = try now(.root) else { return }
        waiting.append(Pair(older: .root, then: then, newer: .root, present: present))
    }

    private mutating func followChanges() throws {
        plan.moves = changes.moves
        for move in changes.moves {
            plan.summary.metadataOnly += 1
            plan.summary.example("move \(move.to.text) back to \(move.from.text)")
        }
        var created = Set(changes.created)
        for place in changes.deleted {
            try job.checkCancelled()
            // A file that was replaced is told as deleted and created.
            if let now = replacement(of: place), created.remove(now) != nil {
                try compare(place, now)
            } else {
                try create(place)
            }
        }
        for place in created.sorted() { try remove(place) }
        for place in changes.modified {
            try job.checkCancelled()
            try compareModified(place, changes.presentPlace(of: place))
        }
        // What HDFS reports as changed is compared already.
        let handled = Set(changes.deleted + changes.modified)
        for place in image.open.keys.sorted() where !handled.contains(place) {
            try job.checkCancelled()
            try compareOpen(place)
        }
    }

    /// A file that was open when the snapshot was made grows on inside the snapshot, and is reported as unchanged.
    private mutating func compareOpen(_ older: PlaceBelow) throws {
        guard let then = try before(older), let present = try now(changes.presentPlace(of: older)), present.kind == .file else { return }
        let wanted = wanted(then, older, present)
        guard wanted.length < present.length else { return }
        let newer = changes.presentPlace(of: older)
        rewrite(older, wanted, present, .truncate(to: wanted.length))
        try compareAttributes(older, wanted, newer, present)
    }

    /// How the file was when the snapshot was made: one that was open reached as far as was noted then.
    private func wanted(_ then: HDFSFileStatus, _ older: PlaceBelow, _ present: HDFSFileStatus) -> HDFSFileStatus {
        guard let file = image.openFile(at: older, then) else { return then }
        var wanted = then
        let isSame = present.fileID == file.id && present.length >= file.length
        wanted.length = isSame ? file.length : min(then.length, file.length)
        return wanted
    }

    /// The newer place at which an older one would stand, were it still there.
    private func replacement(of older: PlaceBelow) -> PlaceBelow? {
        let now = changes.presentPlace(of: older.parent).appending(older.name)
        return changes.formerPlace(of: now) == nil ? now : nil
    }

    private func before(_ place: PlaceBelow) throws -> HDFSFileStatus? { try client.status(of: image.path(of: place)) }
    private func now(_ place: PlaceBelow) throws -> HDFSFileStatus? { try client.status(of: image.directory.appending(place)) }

    // MARK: Something on one side only

    private mutating func create(_ older: PlaceBelow) throws {
        let found = try extent(of: image.path(of: older))
        plan.creations.append(older)
        plan.summary.created = plan.summary.created.addingSaturated(Int(clamping: found.files.addingSaturated(found.directories)))
        plan.summary.bytesToWrite = plan.summary.bytesToWrite.addingSaturated(found.length)
        plan.summary.example("create \(older.text)")
    }

    /// What was moved into it is moved out before.
    private mutating func remove(_ newer: PlaceBelow) throws {
        guard let status = try now(newer) else { return }
        let found = try extent(of: image.directory.appending(newer))
        plan.removals.append(newer)
        plan.summary.deleted = plan.summary.deleted.addingSaturated(Int(clamping: found.files.addingSaturated(found.directories)))
        plan.summary.bytesFreed = plan.summary.bytesFreed.addingSaturated(found.length)
        plan.summary.loses(status.modificationTime)
        plan.summary.example("delete \(newer.text)")
    }

    /// As far as this user may look.
    private func extent(of path: HDFSPath) throws -> HDFSContentSummary {
        do throws(HDFSError) { return try HDFSMeasure(client, of: path, questions: HDFSMeasure.many).summary } catch {
            guard error.kind == .permission else { throw error }
            return HDFSContentSummary(directories: 1)
        }
    }

    // MARK: Something on both sides

    /// A place that was made anew: the same thing again, or another one.
    private mutating func compare(_ older: PlaceBelow, _ newer: PlaceBelow) throws {
        guard let found = try before(older), let present = try now(newer) else { return try create(older) }
        try compare(older, found, newer, present)
    }

    private mutating func compare(
        _ older: PlaceBelow, _ found: HDFSFileStatus, _ newer: PlaceBelow, _ present: HDFSFileStatus
    ) throws {
        let then = wanted(found, older, present)
        switch (then.kind, present.kind) {
        case (.file, .file): try compareFile(Pair(older: older, then: then, newer: newer, present: present))
        case (.directory, .directory): waiting.append(Pair(older: older, then: then, newer: newer, present: present))
        case (.symlink, .symlink): break
        default:
            try remove(newer)
            try create(older)
        }
    }

    private mutating func compareFile(_ pair: Pair) throws {
        do {
            if try !isSameContent(pair.then, pair.older, pair.present, pair.newer) {
                rewrite(pair.older, pair.then, pair.present, try rewriting(pair.then, pair.older, pair.present, pair.newer))
            }
        } catch let error as HDFSError where error.kind == .permission { return leave(pair.older, error) }
        try compareAttributes(pair.older, pair.then, pair.newer, pair.present)
    }

    private mutating func compareDirectory(_ pair: Pair) throws {
        do { try compareEntries(pair.older, pair.newer) } catch let error as HDFSError where error.kind == .permission {
            leave(pair.older, error)
            let (then, present) = (pair.then, pair.present)
            // Whoever owns a directory can open it again.
            if (then.owner, then.group, then.permission) != (present.owner, present.group, present.permission) {
                plan.attributes[pair.older] = Node(present)
            }
            return
        }
        try compareAttributes(pair.older, pair.then, pair.newer, pair.present)
    }

    /// What this user may not look at.
    private mutating func leave(_ place: PlaceBelow, _ error: HDFSError) {
        plan.summary.unexamined += 1
        plan.summary.example("cannot look into \(place.text)")
        issues.add(EntryIssue(kind: .unrestored, path: place.text, detail: "it stays as it is: \(error.failure.summary)"))
    }

    /// Listed as a whole on both sides before anything is planned of it.
    private mutating func compareEntries(_ older: PlaceBelow, _ newer: PlaceBelow) throws {
        var present: [[UInt8]: HDFSFileStatus] = [:]
        try client.forEachEntry(of: image.directory.appending(newer)) { present[$0.name] = $0 }
        var before: [HDFSFileStatus] = []
        try client.forEachEntry(of: image.path(of: older)) { before.append($0) }
        for status in before where !HDFSTemporary.isName(status.name) {
            try job.checkCancelled()
            let (then, now) = (older.appending(status.name), newer.appending(status.name))
            let there = present.removeValue(forKey: status.name)
            if let there, isAnew(now) { try compare(then, status, now, there) } else { try create(then) }
        }
        for name in present.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) where isAnew(newer.appending(name)) {
            try remove(newer.appending(name))
        }
    }

    /// Whether nothing was moved to a newer place, as far as is known.
    private func isAnew(_ newer: PlaceBelow) -> Bool { isWalking || changes.formerPlace(of: newer) == nil }

    private mutating func compareModified(_ older: PlaceBelow, _ newer: PlaceBelow) throws {
        guard let found = try before(older), let present = try now(newer) else { return }
        let then = wanted(found, older, present)
        if then.kind == .file, present.kind == .file {
            try compareFile(Pair(older: older, then: then, newer: newer, present: present))
        } else {
            try compareAttributes(older, then, newer, present)
        }
    }

    /// By length and the time of the last change, which a restore sets; where that differs, by the checksums that the DataNodes have,
    /// which tell something only when both files lie in blocks of the same lengths.
    private func isSameContent(
        _ then: HDFSFileStatus, _ older: PlaceBelow, _ present: HDFSFileStatus, _ newer: PlaceBelow
    ) throws -> Bool {
        guard then.length == present.length else { return false }
        if then.length == 0 || then.modificationTime == present.modificationTime { return true }
        do throws(HDFSError) {
            return try client.checksum(of: image.path(of: older)) == client.checksum(of: image.directory.appending(newer))
        } catch {
            // Of a file with a lost block nobody knows.
            guard error.kind == .noReplica else { throw error }
            return false
        }
    }

    /// A file of HDFS only ever grows at its end or is cut there; a block that is in a snapshot keeps its id as long as its bytes stay.
    private func rewriting(
        _ then: HDFSFileStatus, _ older: PlaceBelow, _ present: HDFSFileStatus, _ newer: PlaceBelow
    ) throws -> InPlacePlan.Rewriting {
        guard then.fileID == present.fileID, present.length > then.length else { return .whole }
        guard let old = try client.blocks(of: image.path(of: older)), let new = try client.blocks(of: image.directory.appending(newer)),
            new.count >= old.count, zip(old, new).allSatisfy({ $0.id == $1.id && $0.length <= $1.length })
        else { return .whole }
        return .truncate(to: then.length)
    }

    private mutating func rewrite(
        _ older: PlaceBelow, _ then: HDFSFileStatus, _ present: HDFSFileStatus, _ rewriting: InPlacePlan.Rewriting
    ) {
        plan.rewritings[older] = rewriting
        plan.summary.replaced += 1
        if rewriting == .whole { plan.summary.bytesToWrite = plan.summary.bytesToWrite.addingSaturated(then.length) }
        plan.summary.bytesFreed = plan.summary.bytesFreed.addingSaturated(present.length)
        plan.summary.loses(present.modificationTime)
        plan.summary.example("replace \(older.text)")
    }

    private mutating func compareAttributes(
        _ older: PlaceBelow, _ then: HDFSFileStatus, _ newer: PlaceBelow, _ present: HDFSFileStatus
    ) throws {
        guard let wanted = try node(then, at: image.path(of: older), of: older),
            let there = try node(present, at: image.directory.appending(newer), of: older)
        else { return }
        let isSame = wanted.hasSameHDFSAttributes(as: there)
        if isSame, wanted.mtime == there.mtime, plan.rewritings[older] == nil { return }
        plan.attributes[older] = there
        // A directory's time changes with its entries, and is set back with them.
        guard plan.rewritings[older] == nil, !isSame || then.kind == .file else { return }
        plan.summary.metadataOnly += 1
        plan.summary.example("metadata \(older.text)")
    }

    /// Nil, and named, where HDFS refuses to tell its attributes.
    private mutating func node(_ status: HDFSFileStatus, at path: HDFSPath, of place: PlaceBelow) throws -> Node? {
        var node = Node(status)
        node.name = path.name
        do { try image.attributes.complete(&node, status, at: path, in: nil, .keptBySnapshots) } catch let error as EntryError {
            plan.summary.unexamined += 1
            issues.add(EntryIssue(kind: .metadata, path: place.text, detail: "its attributes stay as they are: \(error.detail)"))
            return nil
        }
        return node
    }

    private mutating func count() throws {
        let whole = try HDFSMeasure(client, of: image.place, questions: HDFSMeasure.many)
        let touched = plan.summary.created + plan.summary.replaced + plan.summary.metadataOnly + plan.summary.unexamined
        plan.summary.unchanged = max(0, Int(clamping: whole.entries) - touched)
        // What is in the place of nothing has nothing to lose.
        plan.summary.intoEmpty = try client.status(of: image.directory)?.childCount == 0
    }
}

extension Node {
    /// Owner, permissions, ACL, attributes, replication; not the time, and not what snapshots do not keep (policies, quotas).
    func hasSameHDFSAttributes(as other: Node) -> Bool {
        guard user == other.user, group == other.group, mode == other.mode, hdfsAttributes == other.hdfsAttributes else { return false }
        guard let own = try? EntryAttributes(of: self), let others = try? EntryAttributes(of: other) else { return false }
        return own.accessList == others.accessList && own.replication == others.replication
    }
}
