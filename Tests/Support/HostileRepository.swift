package import HostIO
package import ObjectStorage
@testable package import RepositoryEngine
import ResticFormat

/// A repository as somebody with its password writes it who means harm: well sealed, well named, and with whatever content.
package struct HostileRepository {
    package let repository: OpenRepository
    package let storage: any ObjectStorage

    package init(_ storage: any ObjectStorage, password: Password, host: Host = .forTests()) throws {
        self.storage = storage
        repository = try .open(storage, password: password, host: host)
    }

    /// One of the encrypted files that are named by their hash.
    package enum Kind: String, CaseIterable, Sendable {
        case index, snapshots, locks
    }

    /// Names of the files of a kind, in order.
    package func files(_ kind: Kind) throws -> [ObjectName] { try storage.list(kind.rawValue).map(\.name).sorted() }

    /// The plain JSON of one of them, or of `config`.
    package func plain(_ name: ObjectName) throws -> [UInt8] { try repository.files.read(name, id: ObjectID<SnapshotNamed>?.none) }

    /// Puts a file with other content in the place of one; gives its name.
    @discardableResult
    package func replace(_ name: ObjectName, _ kind: Kind, by content: [UInt8]) throws -> ObjectName {
        try storage.remove(name)
        return try add(content, kind)
    }

    @discardableResult
    package func add(_ content: [UInt8], _ kind: Kind) throws -> ObjectName {
        let folder = kind.rawValue
        let id = try repository.files.write(content, as: SnapshotNamed.self) { ObjectName(known: "\(folder)/\($0.hex)") }
        return ObjectName(known: "\(folder)/\(id.hex)")
    }

    package func replaceConfig(by content: [UInt8]) throws {
        try storage.remove(RepositoryNames.config)
        try repository.files.writeConfig(content)
    }

    // MARK: - Trees and files

    /// A file or directory of a snapshot, by the names on the way to it.
    package enum Part: Sendable {
        /// The JSON of a directory.
        case tree([String])
        /// The content of a file that is one blob.
        case file([String])
    }

    /// Makes snapshot `name` one whose `part` is `change` of what it was; everything above it fits.
    package func rewrite(_ name: ObjectName, _ part: Part, _ change: ([UInt8]) throws -> [UInt8]) throws {
        let content = try plain(name)
        let file = try content.withUnsafeBytes { try SnapshotFile(decoding: $0) }
        let writer = try repository.beginWriting()
        let editing = Editing(writer: writer, sealer: try writer.makeSealer(), opener: try writer.makeOpener())
        let root =
            switch part {
            case .tree(let path): try editing.tree(file.tree.hex, path[...], change)
            case .file(let path): try editing.tree(file.tree.hex, path[...], content: change)
            }
        _ = try writer.finish()
        let text = String(decoding: content, as: UTF8.self).replacing(file.tree.hex, with: root)
        try replace(name, .snapshots, by: Array(text.utf8))
    }

    private struct Editing {
        let writer: BlobWriter
        let sealer: BlobSealer
        let opener: BlobOpener

        /// The id of the tree that is `hex` with the directory at `path` below it changed.
        func tree(_ hex: String, _ path: ArraySlice<String>, _ change: ([UInt8]) throws -> [UInt8]) throws -> String {
            let text = try read(hex, .tree)
            guard let next = path.first else { return try save(change(text), .tree) }
            let old = try node(next, in: text).subtree?.hex
            guard let old else { throw Unfit(path: Array(path)) }
            return try save(Self.replacing(old, by: try tree(old, path.dropFirst(), change), in: text), .tree)
        }

        /// The same with the file at `path` changed.
        func tree(_ hex: String, _ path: ArraySlice<String>, content change: ([UInt8]) throws -> [UInt8]) throws -> String {
            let text = try read(hex, .tree)
            guard let next = path.first else { throw Unfit(path: []) }
            let node = try node(next, in: text)
            if let old = node.subtree?.hex {
                return try save(Self.replacing(old, by: try tree(old, path.dropFirst(), content: change), in: text), .tree)
            }
            guard let blobs = node.content, blobs.count == 1 else { throw Unfit(path: Array(path)) }
            let old = blobs[0].hex
            return try save(Self.replacing(old, by: try save(change(read(old, .data)), .data), in: text), .tree)
        }

        private func node(_ name: String, in text: [UInt8]) throws -> Node {
            let tree = try text.withUnsafeBytes { try Tree(decoding: $0) }
            guard let node = tree.nodes.first(where: { $0.name == Array(name.utf8) }) else { throw Unfit(path: [name]) }
            return node
        }

        private func read(_ hex: String, _ kind: BlobKind) throws -> [UInt8] {
            guard let id = BlobID(hex: hex) else { throw Unfit(path: [hex]) }
            return try writer.repository.withBlob(id, kind, using: opener) { Array($0) }
        }

        private func save(_ bytes: [UInt8], _ kind: BlobKind) throws -> String {
            try bytes.withUnsafeBytes { try writer.save($0, as: kind, using: sealer).id.hex }
        }

        private static func replacing(_ old: String, by new: String, in text: [UInt8]) -> [UInt8] {
            Array(String(decoding: text, as: UTF8.self).replacing(old, with: new).utf8)
        }
    }

    package struct Unfit: Error {
        package let path: [String]
    }
}
