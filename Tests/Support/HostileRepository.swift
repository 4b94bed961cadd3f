package import HostIO
package import ObjectStorage
@testable package import RepositoryEngine
import ResticFormat
@testable import Model

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

    /// Puts other content in the place of any sealed file that is named by its hash, as those of Holdfast's own are.
    package func replaceSealed(_ name: ObjectName, by content: [UInt8]) throws {
        try storage.remove(name)
        try addSealed(content, to: name.text.split(separator: "/").dropLast().joined(separator: "/"))
    }

    package func addSealed(_ content: [UInt8], to folder: String) throws {
        _ = try repository.files.write(content, as: SnapshotNamed.self) { ObjectName(known: "\(folder)/\($0.hex)") }
    }

    package func replaceConfig(by content: [UInt8]) throws {
        try storage.remove(RepositoryNames.config)
        try repository.files.writeConfig(content)
    }

    // MARK: - Signed text

    /// A purpose for which Holdfast signs files.
    package enum Purpose: String, Sendable {
        case epochs = "holdfast epochs"
        case drills = "holdfast drill report"
    }

    /// `document` with the signature that it would have had its writer written it so; as it is when it has no place for one.
    package func signed(_ document: [UInt8], for purpose: Purpose) throws -> [UInt8] {
        let mark = Array("\"signature\" : \"".utf8)
        var blank = document
        guard let place = document.firstRange(of: mark), place.upperBound + 64 <= document.count else { return document }
        blank.replaceSubrange(place.upperBound..<place.upperBound + 64, with: Array(repeating: UInt8(ascii: "0"), count: 64))
        return try SignedText.signed(blank) { try repository.signature(of: $0, for: purpose.rawValue) } ?? document
    }

    // MARK: - Keys

    /// Makes `keys/` hold one file alone: that of the password, whose sealed keys are `change` of what they were.
    package func rewriteKeys(password: Password, _ change: ([UInt8]) -> [UInt8]) throws {
        let host = repository.host
        let cost = KeyDerivationCost(n: 1024, r: 8, p: 1)
        let salt = host.randomBytes(KeyFile.saltLength)
        let master = repository.key
        let plain = change(MasterKeyFile(macKey: master.macKey, macR: master.macR, encryptionKey: master.encrypt).encoded())
        let cipher = try Cipher(MasterKey(derived: try cost.derive(password: password.bytes, salt: salt)), random: host.random)
        var data = [UInt8](repeating: 0, count: plain.count + Cipher.overhead)
        try data.withUnsafeMutableBytes { data in try plain.withUnsafeBytes { try cipher.seal($0, into: data) } }
        let file = KeyFile(
            created: .epoch, username: "", hostname: "", cost: 1024, blockSize: 8, parallelism: 1, salt: salt, data: data
        ).encoded()
        for entry in try storage.list("keys") { try storage.remove(entry.name) }
        let id = try file.withUnsafeBytes { try Hasher256().hash($0, naming: KeyNamed.self) }
        try storage.write(RepositoryNames.key(id), file)
    }

    // MARK: - Packs

    /// Puts in the place of a pack one whose header is `change` of what it was, and removes the index files, so that headers are read.
    package func rewriteHeader(of name: ObjectName, _ change: ([UInt8]) -> [UInt8]) throws {
        let pack = try storage.read(name, limit: 1 << 28)
        let length = pack.suffix(PackHeader.trailerLength).reversed().reduce(0) { $0 << 8 | Int($1) }
        let body = pack.dropLast(PackHeader.trailerLength + length)
        let cipher = try Cipher(repository.key, random: repository.host.random)
        var old = Array(pack[body.endIndex..<pack.count - PackHeader.trailerLength])
        let plain = try old.withUnsafeMutableBytes { try cipher.open($0).map { change(Array($0)) } } ?? []
        var sealed = [UInt8](repeating: 0, count: plain.count + Cipher.overhead)
        try sealed.withUnsafeMutableBytes { sealed in try plain.withUnsafeBytes { try cipher.seal($0, into: sealed) } }
        let new = body + sealed + PackHeader.trailer(sealedHeaderLength: sealed.count)
        let id = try Array(new).withUnsafeBytes { try Hasher256().hash($0, naming: PackNamed.self) }
        for entry in try storage.list("index") + [ObjectEntry(name: name, size: 0)] { try storage.remove(entry.name) }
        try storage.write(RepositoryNames.pack(id), Array(new))
    }

    // MARK: - Trees and files

    /// A file or directory of a snapshot, by the names on the way to it.
    package enum Part: Sendable {
        /// The JSON of a directory.
        case tree([String])
        /// The first blob of a file.
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
            guard let blobs = node.content, !blobs.isEmpty else { throw Unfit(path: Array(path)) }
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
