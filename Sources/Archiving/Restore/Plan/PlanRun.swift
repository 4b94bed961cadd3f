import HostIO
import Model
import ResticFormat
import Synchronization

/// What the threads of one planning share.
final class PlanRun: Sendable {
    enum Job: Sendable {
        /// A directory that is on both sides.
        case compare(ImageDirectory, PlannedDirectory)
        /// The rest of such a one.
        case goOn(DirectoryComparison)
        /// Directories in such a one that are on both sides: opened one after the other, since a directory may have a million of them.
        case descend(ImageDirectory, PlannedDirectory, [CommonDirectory])
        /// A directory of the image that the destination lacks, and its path for people.
        case countNew(ImageDirectory, String)
        /// The rest of such a one.
        case countMore(ImageDirectory, ImageNodes, String)
        /// Directories in a directory of the destination that the image lacks.
        case countDeleted(LocalSourceDirectory, [[UInt8]])
        /// The rest of such a one.
        case countMoreDeleted(LocalSourceDirectory, LocalEntries)
        /// A file of the same size on both sides.
        case compareContent(FileComparison)
        /// Some blobs of such a file.
        case compareBlobs(FileComparison, Range<Int>)
    }

    /// A directory that is on both sides.
    struct CommonDirectory: Sendable {
        let node: Node
        let hasSameMetadata: Bool
    }

    /// Entries that are looked into before the next ones of their directory are: how many wait for that does not grow with the directory.
    static let entriesInStep = 256

    let pool = WorkPool<Job>()
    let zeros = ZeroBlobs()
    let image: ImageTree
    let options: TreeRestore.Options
    let way: ImageReader.Way
    let job: JobControl
    let clock: any WallClock
    let held: HeldEntries
    /// Nil until a file with holes has been met.
    private let keepsHoles = Mutex<Bool?>(nil)
    private let state = Mutex(State())

    private struct State {
        var plan = TreeRestorePlan()
        var changed: [PlannedDirectory] = []
        var linked: [LinkedEntry] = []
        var linksCounted: Set<LinkKey> = []
        var examples = PlanExamples()
    }

    /// `destination`: its path.
    init(
        image: ImageTree, destination: String, options: TreeRestore.Options, _ way: ImageReader.Way, clock: any WallClock, job: JobControl
    ) {
        self.way = way
        self.clock = clock
        held = HeldEntries(root: destination)
        self.image = image
        self.options = options
        self.job = job
    }

    /// `root` is nil when the destination is not there.
    func execute(root: LocalSourceDirectory?, threads: Int) throws -> TreeRestorePlan {
        let (imageRoot, rootNode) = try ImageReader(image).root()
        let isEmpty = try root.map { try !$0.hasEntries() } ?? true
        state.withLock { state in
            state.plan.way = way
            state.plan.intoEmpty = isEmpty
            state.plan.root = root?.handle
        }
        if let root, !isEmpty {
            let hasSameMetadata = try rootNode.map { $0.hasSameMetadata(as: try root.metadata()) } ?? true
            pool.push(.compare(imageRoot, PlannedDirectory(root, image: imageRoot, node: rootNode, hasSameMetadata)), .late)
        } else {
            pool.push(.countNew(imageRoot, ""), .late)
        }
        try pool.run(threads: threads, named: "plan", job: job, worker: { try PlanWorker(run: self) }) { try $0.perform($1) }
        return conclude()
    }

    private func conclude() -> TreeRestorePlan {
        let linked = state.withLock { state in
            defer { state.linked = [] }
            return state.linked
        }
        LinkPlanning(run: self).resolve(linked)
        return state.withLock { state in
            var plan = state.plan
            plan.examples = state.examples.chosen(TreeRestorePlan.examplesKept)
            plan.directories = state.changed.map(\.change)
            plan.held = held.lines
            return plan
        }
    }

    // MARK: What the workers found

    func count(_ change: (inout TreeRestorePlan) -> Void) { state.withLock { change(&$0.plan) } }

    func example(_ kind: PlanExamples.Kind, _ path: @autoclosure () -> String) {
        state.withLock { state in
            if state.examples.hasRoom(kind) { state.examples.add(kind, path()) }
        }
    }

    /// What writing a file takes that has so many bytes besides its holes.
    func room(_ solid: UInt64, of node: Node) -> UInt64 {
        guard solid < node.size, let root = state.withLock({ $0.plan.root }) else { return solid }
        let isKept = keepsHoles.withLock { known in
            let isKept = known ?? (try? root.open()).map { HoleKeeping.isThere(in: $0.descriptor) } ?? true
            known = isKept
            return isKept
        }
        return isKept ? solid : node.size
    }

    /// An entry of the destination cannot be looked at, and is left as it is.
    func leave(_ path: String, _ detail: String) {
        let issue = EntryIssue(kind: .unrestored, path: path, detail: detail)
        count { plan in
            plan.unexamined += 1
            if plan.issues.count < IssueCollector.kept { plan.issues.append(issue) }
        }
    }

    /// An entry gets a right that it does not have.
    func gives(_ right: String?, _ path: @autoclosure () -> String) {
        guard let right else { return }
        count { $0.privileged.add("\(path()): \(right)") }
    }

    func deferLink(_ entry: LinkedEntry) { state.withLock { $0.linked.append(entry) } }

    /// Whether this is the first of its links.
    func countsBytes(_ key: LinkKey) -> Bool { state.withLock { $0.linksCounted.insert(key).inserted } }

    func add(_ change: EntryChange, to directory: PlannedDirectory) {
        held.note(change, in: directory)
        if directory.add(change) { state.withLock { $0.changed.append(directory) } }
    }

    func metadataDiffers(of directory: PlannedDirectory) {
        held.note(directory)
        if directory.markMetadata() { state.withLock { $0.changed.append(directory) } }
    }
}

extension TreeRestorePlan {
    /// Something that the restore undoes was changed then.
    mutating func loses(_ changed: NodeTime) {
        let time = changed.timestamp
        newestChange = newestChange.map { max($0, time) } ?? time
    }
}

/// A directory that is on both sides, while it is compared.
final class PlannedDirectory: Sendable {
    let source: LocalSourceDirectory
    let image: ImageDirectory
    let node: Node?
    let hasSameMetadata: Bool
    private let state = Mutex(State())

    private struct State {
        var changes: [EntryChange] = []
        var isRecorded = false
        var isAsked = false
        var obstacle: RemovalObstacle?
    }

    init(_ source: LocalSourceDirectory, image: ImageDirectory, node: Node?, _ hasSameMetadata: Bool) {
        self.source = source
        self.image = image
        self.node = node
        self.hasSameMetadata = hasSameMetadata
    }

    var isRoot: Bool { source.handle.parent == nil }

    /// What keeps all in it from being changed; asked for once. `root`: the path of the destination.
    func obstacle(_ root: String) -> RemovalObstacle? {
        let (isAsked, known) = state.withLock { ($0.isAsked, $0.obstacle) }
        if isAsked { return known }
        let obstacle = source.ownObstacle(root)
        state.withLock { ($0.isAsked, $0.obstacle) = (true, obstacle) }
        return obstacle
    }

    /// Whether it was without changes before.
    func add(_ change: EntryChange) -> Bool {
        state.withLock { state in
            state.changes.append(change)
            defer { state.isRecorded = true }
            return !state.isRecorded
        }
    }

    func markMetadata() -> Bool {
        state.withLock { state in
            defer { state.isRecorded = true }
            return !state.isRecorded
        }
    }

    var change: DirectoryChange {
        let changes = state.withLock { $0.changes }.sorted { Tree.areInOrder($0.name, $1.name) }
        return DirectoryChange(directory: source.handle, image: image, node: node, changes: changes)
    }
}

/// A few paths of each kind of change.
struct PlanExamples {
    enum Kind: String, CaseIterable { case replace, delete, create, metadata }

    private var paths: [Kind: [String]] = [:]

    func hasRoom(_ kind: Kind) -> Bool { (paths[kind]?.count ?? 0) < TreeRestorePlan.examplesKept }
    mutating func add(_ kind: Kind, _ path: String) { paths[kind, default: []].append(path) }

    /// Something of each kind as far as there is, in turn.
    func chosen(_ count: Int) -> [String] {
        let sorted = paths.mapValues { $0.sorted() }
        var lines: [String] = []
        for position in 0..<count {
            for kind in Kind.allCases {
                if let of = sorted[kind], position < of.count, lines.count < count { lines.append("\(kind.rawValue) \(of[position])") }
            }
        }
        return lines
    }
}
