package import HostIO
package import Model
import ResticFormat

/// What an image holds, measured without reading content. Of an archive each tree is read once, however often it stands in the image, and every sum
/// saturates.
package struct ImageMeasure: Hashable, Sendable {
    package enum Extent: Sendable { case entries, all }

    /// Without the root.
    package private(set) var entries: UInt64 = 0
    /// Logical bytes of files: of one with several links once.
    package private(set) var bytes: UInt64 = 0
    /// Without holes, as far as an archive tells them.
    package private(set) var solidBytes: UInt64 = 0
    package private(set) var privileged = PrivilegedEntries()

    /// Throws `refused` for an archive with more entries than it may have.
    package init(of image: ImageTree, job: JobControl) throws {
        try self.init(of: image, .all) { try job.checkCancelled() }
        if case .archived(let tree) = image { try tree.budget.check(entries) }
    }

    init(of image: ImageTree, _ extent: Extent, _ checkCancelled: @escaping () throws -> Void) throws {
        let measuring = try ImageMeasuring(image, extent, checkCancelled)
        self = try measuring.measured()
    }

    fileprivate init() {}

    fileprivate mutating func add(_ part: ImageMeasure) {
        entries = entries.addingSaturated(part.entries)
        bytes = bytes.addingSaturated(part.bytes)
        solidBytes = solidBytes.addingSaturated(part.solidBytes)
        privileged.add(count: part.privileged.count)
    }

    fileprivate mutating func addEntry() { entries = entries.addingSaturated(1) }

    fileprivate mutating func addContent(_ extent: FileExtent) {
        bytes = bytes.addingSaturated(extent.bytes)
        solidBytes = solidBytes.addingSaturated(extent.solid)
    }

    fileprivate mutating func addPrivileged() { privileged.add(count: 1) }
    fileprivate mutating func name(_ lines: [String]) { privileged = privileged.named(lines) }
}

/// A walk that comes back from a directory with what is below it.
private final class ImageMeasuring {
    private struct Frame {
        /// Of an archive: under which it is known afterwards.
        var tree: TreeID?
        var path: String
        var sum = ImageMeasure()
        var waiting: [(directory: ImageDirectory, name: [UInt8])] = []
        /// Of ``waiting``, before any was taken.
        var held = 0
    }

    private let image: ImageTree
    private let extent: ImageMeasure.Extent
    private let checkCancelled: () throws -> Void
    private let reader: ImageReader
    private let zeros = ZeroBlobs()
    private var known = KnownTrees<ImageMeasure>()
    private var links: Set<LinkKey> = []
    private var held = NestedDirectories()
    /// Trees that were read, all together: more than an image has entries are not.
    private var walked: UInt64 = 0
    private var lines: [String] = []
    /// Content of files with several links, which counts once in the image.
    private var linked = ImageMeasure()

    init(_ image: ImageTree, _ extent: ImageMeasure.Extent, _ checkCancelled: @escaping () throws -> Void) throws {
        self.image = image
        self.extent = extent
        self.checkCancelled = checkCancelled
        reader = try ImageReader(image, isMeasuring: true, checkCancelled: checkCancelled)
    }

    func measured() throws -> ImageMeasure {
        var frames = [try open(try reader.root().0, path: "")]
        while var frame = frames.popLast() {
            try checkCancelled()
            if let next = frame.waiting.popLast() {
                if case .archived(let id) = next.directory, let sum = known[id] {
                    frame.sum.add(sum)
                    frames.append(frame)
                } else {
                    let below = try open(next.directory, path: frame.path.pathOf(next.name))
                    frames.append(frame)
                    frames.append(below)
                }
                continue
            }
            if let tree = frame.tree { known[tree] = frame.sum }
            held.release(frame.held)
            guard var above = frames.popLast() else {
                frame.sum.add(linked)
                frame.sum.name(lines)
                return frame.sum
            }
            above.sum.add(frame.sum)
            frames.append(above)
        }
        return ImageMeasure()
    }

    private func open(_ directory: ImageDirectory, path: String) throws -> Frame {
        var frame = Frame(path: path)
        if case .archived(let id) = directory { frame.tree = id }
        let entries = try reader.entriesInAnyOrder(of: directory)
        while let node = try entries.next() {
            try count(1)
            frame.sum.addEntry()
            if node.type == .dir { frame.waiting.append((try reader.directory(node, in: directory), node.name)) }
            guard extent == .all else { continue }
            if let right = node.right {
                frame.sum.addPrivileged()
                if lines.count < PrivilegedEntries.mostNamed { lines.append("\(path.pathOf(node.name)): \(right)") }
            }
            guard node.type == .file else { continue }
            guard let key = LinkKey(node) else {
                frame.sum.addContent(extent(of: node))
                continue
            }
            // Of more than are remembered each counts: too much is better than too little.
            if links.count >= Self.mostLinks || links.insert(key).inserted { linked.addContent(extent(of: node)) }
        }
        frame.held = frame.waiting.count
        try held.hold(frame.held)
        return frame
    }

    private static let mostLinks = 4_000_000

    /// Ends the measuring of an image whose trees are read again and again, because there are more of them than are remembered.
    private func count(_ nodes: Int) throws {
        walked = walked.addingSaturated(UInt64(nodes))
        if case .archived(let tree) = image, walked > tree.budget.limit { try tree.budget.check(.max) }
    }

    private func extent(of node: Node) -> FileExtent {
        guard case .archived(let tree) = image, let opener = reader.opener else { return FileExtent(of: node) }
        return FileExtent(of: node, in: tree.repository, zeros, opener)
    }
}
