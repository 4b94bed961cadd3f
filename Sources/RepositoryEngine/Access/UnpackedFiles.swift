import HostIO
import Model
import ObjectStorage
import ResticFormat
import Synchronization

/// Reading and writing of the encrypted files that are not packs: config, index, snapshots, locks, deletion marks (format section "Unpacked Data Format").
final class UnpackedFiles: Sendable {
    let storage: any ObjectStorage
    let key: MasterKey
    let host: Host
    /// Format version 1 knows plain JSON only.
    let compresses: Bool

    init(storage: any ObjectStorage, key: MasterKey, host: Host, compresses: Bool) {
        self.storage = storage
        self.key = key
        self.host = host
        self.compresses = compresses
    }

    /// The plain JSON of the file at `name`, whose stored bytes must hash to `id` (nil for `config`, which is not named by its hash).
    func read<Named>(_ name: ObjectName, id: ObjectID<Named>?) throws -> [UInt8] {
        var stored = try storage.read(name, limit: RepositoryNames.limit(of: name))
        if let id, try !isNamed(stored, id) {
            // The storage may be sound and the way from it not.
            stored = try storage.read(name, limit: RepositoryNames.limit(of: name))
            guard try isNamed(stored, id) else { throw damaged(name, "its bytes do not hash to its name") }
        }
        let cipher = try Cipher(key, random: host.random)
        return try stored.withUnsafeMutableBytes { bytes in
            guard let plain = try cipher.open(bytes) else { throw damaged(name, "its MAC does not fit") }
            return try content(of: UnsafeRawBufferPointer(plain), name)
        }
    }

    private func isNamed<Named>(_ bytes: [UInt8], _ id: ObjectID<Named>) throws -> Bool {
        let hasher = try Hasher256()
        return bytes.withUnsafeBytes { hasher.hash($0, naming: Named.self) } == id
    }

    private func content(of plain: UnsafeRawBufferPointer, _ name: ObjectName) throws -> [UInt8] {
        switch try UnpackedFile.encoding(of: plain) {
        case .plain:
            return Array(plain)
        case .zstd:
            let frame = UnsafeRawBufferPointer(rebasing: plain.dropFirst())
            guard let content = try Decompressor().decompress(frame, limit: RepositoryNames.contentLimit(of: name)) else {
                throw damaged(name, "it does not decompress")
            }
            return content
        }
    }

    /// Stores `json` under the SHA-256 of the sealed bytes and gives that id. Durable when it returns.
    func write<Named>(_ json: [UInt8], as named: Named.Type, name: (ObjectID<Named>) -> ObjectName) throws -> ObjectID<Named> {
        let sealed = try json.withUnsafeBytes { compresses ? try sealCompressed($0) : try seal($0) }
        let hasher = try Hasher256()
        let id = sealed.withUnsafeBytes { hasher.hash($0, naming: named) }
        try storage.write(name(id), sealed)
        return id
    }

    /// Proves that what was compressed decompresses to `json`.
    private func sealCompressed(_ json: UnsafeRawBufferPointer) throws -> [UInt8] {
        let room = ScratchMemory()
        let plain = room.bytes(1 + Compressor.bound(json.count))
        plain[0] = UnpackedFile.compressedMarker
        let count = try Compressor(level: 3).compress(json, into: UnsafeMutableRawBufferPointer(rebasing: plain[1...]))
        let frame = UnsafeRawBufferPointer(rebasing: plain[1..<(1 + count)])
        guard try Decompressor().yields(json, from: frame) else {
            throw RepositoryError.library("decompressing what was just compressed")
        }
        return try seal(UnsafeRawBufferPointer(rebasing: plain[0..<(1 + count)]))
    }

    /// `config`: encrypted, never compressed.
    func writeConfig(_ json: [UInt8]) throws {
        let sealed = try json.withUnsafeBytes { try seal($0) }
        try storage.write(RepositoryNames.config, sealed)
    }

    private func seal(_ plain: UnsafeRawBufferPointer) throws -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: plain.count + Cipher.overhead)
        let cipher = try Cipher(key, random: host.random)
        try sealed.withUnsafeMutableBytes { try cipher.seal(plain, into: $0) }
        return sealed
    }

    /// Why a file cannot be read, when its bytes are the reason and not the storage or this program.
    static func damage(_ error: any Error) -> String? {
        switch error {
        case RepositoryError.damagedFile(_, let reason, _): reason
        case let error as FormatError where error.failure.code == .damaged: error.failure.message
        case let error as StorageError where error.isDamage && error.kind != .notFound: error.kind.rawValue
        default: nil
        }
    }

    func damaged(_ name: ObjectName, _ reason: String) -> RepositoryError {
        .damagedFile(name: name.text, reason: reason, location: storage.location)
    }
}
