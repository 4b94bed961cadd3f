import HostIO
import Model
package import RepositoryEngine
package import ResticFormat

/// A small directory tree in memory: what tests of the engine back up without a file system.
package struct SampleTree: Hashable, Sendable {
    package var files: [String: [UInt8]]
    package var folders: [String: SampleTree]

    package init(files: [String: [UInt8]] = [:], folders: [String: SampleTree] = [:]) {
        self.files = files
        self.folders = folders
    }

    /// `count` files of up to `bytes` bytes, text and noise, some in a folder, some in none.
    package static func random(_ random: inout SeededRandom, files count: Int, bytes: Int) -> SampleTree {
        var tree = SampleTree()
        for index in 0..<count {
            let size = Int.random(in: 0...max(bytes, 1), using: &random)
            let content = Bool.random(using: &random) ? random.text(size) : random.bytes(size)
            if index % 3 == 0 {
                tree.folders["folder\(index % 2)", default: SampleTree()].files["file\(index)"] = content
            } else {
                tree.files["file\(index)"] = content
            }
        }
        return tree
    }

    package var fileCount: Int { files.count + folders.values.reduce(0) { $0 + $1.fileCount } }

    /// The same tree with one file changed, one added and one removed.
    package func changed(_ random: inout SeededRandom) -> SampleTree {
        var tree = self
        let names = tree.files.keys.sorted()
        if let name = names.randomElement(using: &random) { tree.files[name]?.append(contentsOf: random.bytes(100)) }
        if names.count > 2, let name = names.randomElement(using: &random) { tree.files[name] = nil }
        tree.files["new\(random.next() % 1000)"] = random.text(2000)
        return tree
    }
}

extension BlobWriter {
    /// Saves the files in pieces of `chunk` bytes, then the trees.
    package func save(_ tree: SampleTree, chunk: Int = 16 << 10, using sealer: BlobSealer) throws -> TreeID {
        var nodes: [Node] = []
        for (name, content) in tree.files {
            var node = Node(name: Array(name.utf8), type: .file)
            node.size = UInt64(content.count)
            node.mode = 0o644
            node.content = try stride(from: 0, to: content.count, by: chunk).map { start in
                try content[start..<min(start + chunk, content.count)].withUnsafeBytes { try save($0, as: .data, using: sealer).id }
            }
            nodes.append(node)
        }
        for (name, folder) in tree.folders {
            var node = Node(name: Array(name.utf8), type: .dir)
            node.mode = FileMode.directory | 0o755
            node.subtree = try save(folder, chunk: chunk, using: sealer)
            nodes.append(node)
        }
        nodes.sort { Tree.areInOrder($0.name, $1.name) }
        let encoded = Tree(nodes: nodes).encoded()
        return try encoded.withUnsafeBytes { try save($0, as: .tree, using: sealer).id.naming(TreeNamed.self) }
    }
}

extension IndexedRepository {
    /// Reads a tree back, every byte of it.
    package func sample(_ id: TreeID) throws -> SampleTree { try sample(id, using: makeOpener()) }

    private func sample(_ id: TreeID, using opener: BlobOpener) throws -> SampleTree {
        var result = SampleTree()
        for node in try tree(id, using: opener).nodes {
            let name = String(decoding: node.name, as: UTF8.self)
            if let subtree = node.subtree { result.folders[name] = try sample(subtree, using: opener) }
            guard node.type == .file else { continue }
            var content: [UInt8] = []
            for blob in node.content ?? [] { try withBlob(blob, .data, using: opener) { content.append(contentsOf: $0) } }
            result.files[name] = content
        }
        return result
    }
}

extension OpenRepository {
    /// A writer under a lock of its own, which goes when the writer does.
    package func beginWriting(_ options: WriteOptions = WriteOptions()) throws -> BlobWriter {
        try lockForWriting().loadIndex().beginWriting(options)
    }

    /// A whole backup: lock, index, blobs, snapshot.
    @discardableResult
    package func backUp(
        _ tree: SampleTree, tags: [String] = [], options: WriteOptions = WriteOptions(), chunk: Int = 16 << 10
    ) throws -> StoredSnapshot {
        let lock = try lockForWriting()
        defer { lock.release() }
        let writer = try lock.loadIndex().beginWriting(options)
        let root: TreeID
        do {
            root = try writer.save(tree, chunk: chunk, using: writer.makeSealer())
            _ = try writer.finish()
        } catch {
            writer.abandon()
            throw error
        }
        try writer.lock.checkHeld()
        var file = SnapshotFile(
            time: NodeTime(host.clock.now()), tree: root, paths: ["/sample"], hostname: host.name, username: host.user, tags: tags)
        file.programVersion = "holdfast test"
        return StoredSnapshot(id: try save(file), file: file)
    }

    /// What a snapshot holds, read through a fresh index.
    package func restore(_ snapshot: StoredSnapshot) throws -> SampleTree { try loadIndex().sample(snapshot.file.tree) }
}
