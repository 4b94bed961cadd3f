import ResticFormat

/// How large a blob may be that is read into memory: more than any writer of the format makes. What an index says of a larger one is not believed.
enum BlobLimits {
    /// Plain bytes. restic and Holdfast cut files into 8 MiB at most; others can be told larger sizes.
    private static let data: UInt32 = 64 << 20
    /// Plain bytes: a directory of two million entries.
    private static let tree: UInt32 = 1 << 30
    /// Sealed bytes of a tree, which are in memory as a whole.
    private static let sealedTree: UInt32 = 512 << 20
    /// What sealing adds, and compressing bytes that do not become fewer.
    private static let overhead: UInt32 = 1 << 20

    /// Nodes of one tree.
    static let entries = 4_000_000

    /// Why a blob is not read; nil when it may be.
    static func obstacle(_ kind: BlobKind, length: UInt32, uncompressedLength: UInt32?) -> String? {
        let (plain, sealed) = kind == .tree ? (tree, sealedTree) : (data, data + overhead)
        guard length > sealed || (uncompressedLength ?? 0) > plain else { return nil }
        return "it has \(uncompressedLength ?? length) bytes, and no writer makes a \(kind.name) blob of more than \(plain)"
    }
}
