import Archiving
import HostIO
import Model
import ResticFormat
import StoreContract
import WebHDFS

/// Finds out what differs between a snapshot and the directory as it is: asks HDFS for what has changed and looks at nothing else.
struct InPlacePlanning {
    private let image: HDFSImage
    private let changes: SnapshotChanges
    private let job: JobControl
    private var plan = InPlacePlan()

    private var client: HDFSClient { image.client }

    init(_ image: HDFSImage, job: JobControl) throws {
        self.image = image
        self.job = job
        changes = SnapshotChanges(try image.client.snapshotDiff(of: image.directory, from: image.snapshot, to: nil))
    }

    mutating func run() throws -> InPlacePlan {
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
        for place in image.open.keys.sorted() where !handled.contains(place) {
            try job.checkCancelled()
            try compareOpen(place)
        }
        try count()
        return plan
    }

    /// Places that HDFS reports as changed: what became of a file that was open is found with them.
    private var handled: Set<PlaceBelow> { Set(changes.deleted + changes.modified) }

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
        let summary = try client.contentSummary(of: image.path(of: older))
        plan.creations.append(older)
        plan.summary.created += Int(clamping: summary.files + summary.directories)
        plan.summary.bytesToWrite += summary.length
        plan.summary.example("create \(older.text)")
    }

    /// What was moved into it is moved out before.
    private mutating func remove(_ newer: PlaceBelow) throws {
        guard let status = try now(newer) else { return }
        let summary = try client.contentSummary(of: image.directory.appending(newer))
        plan.removals.append(newer)
        plan.summary.deleted += Int(clamping: summary.files + summary.directories)
        plan.summary.bytesFreed += summary.length
        plan.summary.loses(status.modificationTime)
        plan.summary.example("delete \(newer.text)")
    }

    // MARK: Something on both sides

    /// A place that was made anew: the same thing again, or another one.
    private mutating func compare(_ older: PlaceBelow, _ newer: PlaceBelow) throws {
        guard let found = try before(older), let present = try now(newer) else { return try create(older) }
        let then = wanted(found, older, present)
        switch (then.kind, present.kind) {
        case (.file, .file):
            if try !isSameContent(then, older, present, newer) { rewrite(older, then, present, .whole) }
            try compareAttributes(older, then, newer, present)
        case (.directory, .directory):
            try compareEntries(older, newer)
            try compareAttributes(older, then, newer, present)
        default:
            try remove(newer)
            try create(older)
        }
    }

    private mutating func compareEntries(_ older: PlaceBelow, _ newer: PlaceBelow) throws {
        var present: [[UInt8]: HDFSFileStatus] = [:]
        try client.forEachEntry(of: image.directory.appending(newer)) { present[$0.name] = $0 }
        var names: [[UInt8]] = []
        try client.forEachEntry(of: image.path(of: older)) { names.append($0.name) }
        for name in names {
            try job.checkCancelled()
            let (then, now) = (older.appending(name), newer.appending(name))
            let isThere = present.removeValue(forKey: name) != nil && changes.formerPlace(of: now) == nil
            if isThere { try compare(then, now) } else { try create(then) }
        }
        for name in present.keys where changes.formerPlace(of: newer.appending(name)) == nil { try remove(newer.appending(name)) }
    }

    private mutating func compareModified(_ older: PlaceBelow, _ newer: PlaceBelow) throws {
        guard let found = try before(older), let present = try now(newer) else { return }
        let then = wanted(found, older, present)
        if then.kind == .file, present.kind == .file, try !isSameContent(then, older, present, newer) {
            rewrite(older, then, present, try rewriting(then, older, present, newer))
        }
        try compareAttributes(older, then, newer, present)
    }

    /// By length and the time of the last change, which a restore sets; where that differs, by the checksums that the DataNodes have,
    /// which tell something only when both files lie in blocks of the same lengths.
    private func isSameContent(
        _ then: HDFSFileStatus, _ older: PlaceBelow, _ present: HDFSFileStatus, _ newer: PlaceBelow
    ) throws -> Bool {
        guard then.length == present.length else { return false }
        if then.length == 0 || then.modificationTime == present.modificationTime { return true }
        let paths = (image.path(of: older), image.directory.appending(newer))
        return try client.checksum(of: paths.0) == client.checksum(of: paths.1)
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
        if rewriting == .whole { plan.summary.bytesToWrite += then.length }
        plan.summary.bytesFreed += present.length
        plan.summary.loses(present.modificationTime)
        plan.summary.example("replace \(older.text)")
    }

    private mutating func compareAttributes(
        _ older: PlaceBelow, _ then: HDFSFileStatus, _ newer: PlaceBelow, _ present: HDFSFileStatus
    ) throws {
        let wanted = try node(then, at: image.path(of: older))
        let there = try node(present, at: image.directory.appending(newer))
        let isSame = wanted.hasSameHDFSAttributes(as: there)
        if isSame, wanted.mtime == there.mtime, plan.rewritings[older] == nil { return }
        plan.attributes[older] = there
        // A directory's time changes with its entries, and is set back with them.
        guard plan.rewritings[older] == nil, !isSame || then.kind == .file else { return }
        plan.summary.metadataOnly += 1
        plan.summary.example("metadata \(older.text)")
    }

    private func node(_ status: HDFSFileStatus, at path: HDFSPath) throws -> Node {
        var node = Node(status)
        node.name = path.name
        try image.attributes.complete(&node, status, at: path, in: nil)
        return node
    }

    private mutating func count() throws {
        let whole = try client.contentSummary(of: image.place)
        let touched = plan.summary.created + plan.summary.replaced + plan.summary.metadataOnly
        plan.summary.unchanged = max(0, Int(clamping: whole.files + whole.directories) - 1 - touched)
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
