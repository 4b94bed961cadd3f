import HostIO
package import ResticFormat

/// Parts of an image by path.
extension ImageTree {
    /// The entry at `place`, from the root on, and the directory that holds it; nil when there is none.
    private func find(_ place: [String], _ reader: ImageReader) throws -> (node: Node, folder: ImageDirectory)? {
        var folder = try reader.root().0
        for (depth, name) in place.enumerated() {
            guard let node = try reader.nodes(of: folder).first(where: { $0.name == Array(name.utf8) }) else { return nil }
            if depth == place.count - 1 { return (node, folder) }
            guard node.type == .dir else { return nil }
            folder = try reader.directory(node, in: folder)
        }
        return nil
    }

    /// The entries of a directory; nil when there is none.
    package func entries(of place: [String]) throws -> [Node]? {
        let reader = try ImageReader(self)
        if place.isEmpty { return try reader.nodes(of: reader.root().0) }
        guard let (node, folder) = try find(place, reader), node.type == .dir else { return nil }
        return try reader.nodes(of: reader.directory(node, in: folder))
    }

    /// A file's bytes; nil when there is none. One of more than `limit` bytes throws.
    package func bytes(of place: [String], limit: Int = 1 << 20) throws -> [UInt8]? {
        let reader = try ImageReader(self)
        guard let (node, folder) = try find(place, reader), node.type == .file else { return nil }
        let tooLarge = EntryError(
            .unreadable, path: "\(description)/\(place.joined(separator: "/"))", detail: "it is larger than it can be")
        guard node.size <= UInt64(limit) else { throw tooLarge }
        var bytes: [UInt8] = []
        // Its content may be another one than its size says.
        try reader.read(node, in: folder) { piece in
            guard bytes.count <= limit - min(piece.count, limit) else { throw tooLarge }
            bytes.append(contentsOf: piece)
        }
        return bytes
    }

    /// A directory as an image of its own, without its extended attributes; nil when there is none.
    package func directory(_ place: [String]) throws -> ImageTree? {
        let reader = try ImageReader(self)
        guard let (found, folder) = try find(place, reader), found.type == .dir else { return nil }
        var node = found
        node.extendedAttributes = []
        switch (self, try reader.directory(found, in: folder)) {
        case (.archived(let tree), .archived(let id)): return .archived(ArchivedTree(repository: tree.repository, id: id, node: node))
        case (_, .source(let directory)): return .source(PartOfSource("\(description)/\(place.joined(separator: "/"))", directory))
        default: return nil
        }
    }
}

/// A directory of a source as a source.
private final class PartOfSource: EntrySource {
    let description: String
    private let directory: any SourceDirectory

    init(_ description: String, _ directory: any SourceDirectory) {
        self.description = description
        self.directory = directory
    }

    func root() throws -> any SourceDirectory { directory }
}
