import Model

/// A repository that is not what it was, and that nobody here has made so.
struct DoubtResult: Encodable {
    struct Gone: Encodable {
        var id: String
        var kind: ManifestKind
        var name: String
        var created: Timestamp

        init(_ entry: PlaceMemory.Entry) {
            id = entry.id
            kind = entry.kind
            name = entry.name
            created = entry.created
        }
    }

    var text: String
    var otherRepository: Bool
    /// The same repository with another config.
    var otherConfig: Bool
    /// Snapshots and backups of the cluster that were there, oldest first.
    var gone: [Gone]
    /// Those that are there again although a Holdfast has deleted them.
    var returned: [Gone]
    /// When all was there; null when nobody here had looked.
    var since: OrNull<Timestamp>

    init(_ doubt: PlaceDoubt) {
        text = doubt.text
        otherRepository = doubt.isOtherRepository
        otherConfig = doubt.isOtherConfig
        gone = doubt.gone.map(Gone.init)
        returned = doubt.returned.map(Gone.init)
        since = OrNull(doubt.since)
    }
}
