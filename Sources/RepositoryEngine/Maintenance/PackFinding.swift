import ResticFormat

/// What was found wrong with one pack, or that nothing is.
struct PackFinding: Sendable {
    struct BadBlob: Sendable {
        let id: BlobID
        let kind: BlobKind
        let reason: String
    }

    enum State: Sendable {
        case missing
        /// Another size than the index says: a listing shows it.
        case wrongSize
        /// Seen by reading it alone.
        case read
    }

    let pack: PackID
    var state = State.read
    /// About the file, not about one blob.
    var flaws: [String] = []
    /// Cannot be read out of this pack.
    var bad: [BadBlob] = []

    var isWhole: Bool { flaws.isEmpty && bad.isEmpty }

    static func missing(_ pack: PackID, _ blobs: [IndexedBlob]) -> PackFinding {
        let bad = blobs.map { BadBlob(id: $0.id, kind: $0.kind, reason: "its pack is not there") }
        return PackFinding(pack: pack, state: .missing, flaws: ["is not there"], bad: bad)
    }

    mutating func add(_ blob: IndexedBlob, _ reason: String) { bad.append(BadBlob(id: blob.id, kind: blob.kind, reason: reason)) }
}
