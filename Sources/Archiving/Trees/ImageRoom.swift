package import HostIO
import ResticFormat

/// The room that a restore of an image takes, counted without reading content: holes take none, and a file with several links takes it once.
package struct ImageRoom: Hashable, Sendable {
    package private(set) var bytes: UInt64 = 0
    /// Where the destination can have no holes.
    package private(set) var bytesWithHoles: UInt64 = 0

    /// Holes of an image that is no archive are not known.
    package init(of image: ImageTree, job: JobControl) throws {
        let reader = try ImageReader(image)
        let zeros = ZeroBlobs()
        var counted: Set<LinkKey> = []
        var pending = [try reader.root().0]
        while let directory = pending.popLast() {
            try job.checkCancelled()
            for node in try reader.nodes(of: directory) {
                if node.type == .dir { pending.append(try reader.directory(node, in: directory)) }
                guard node.type == .file, LinkKey(node).map({ counted.insert($0).inserted }) ?? true else { continue }
                bytesWithHoles.grow(by: node.size)
                bytes.grow(by: solid(node, image, zeros, reader))
            }
        }
    }

    private func solid(_ node: Node, _ image: ImageTree, _ zeros: ZeroBlobs, _ reader: ImageReader) -> UInt64 {
        guard case .archived(let tree) = image, let opener = reader.opener else { return node.size }
        return node.solidBytes(in: tree.repository, zeros, opener)
    }
}
