import Clusters
import Model
import ObjectStorage

/// The storage or a target, with what is in it.
struct PlaceResult: Encodable {
    struct Newest: Encodable {
        var name: SnapshotName
        var created: Timestamp
        var mode: BackupMode?
    }

    var name: String
    var path: String
    var entries: Int
    var newest: OrNull<Newest>
    var freeBytes: OrNull<UInt64>
    var totalBytes: OrNull<UInt64>
    var problems: [String]
    /// What is not as it was, until a person has accepted it; null when all is.
    var doubt: OrNull<DoubtResult>
    /// Names among the files of the repository that are none of it.
    var strays: [String]

    init(_ place: ClusterStatus.Place) {
        name = place.name
        path = place.path
        entries = place.entries
        newest = OrNull(place.newest.map { Newest(name: $0.manifest.name, created: $0.manifest.created, mode: $0.manifest.mode) })
        freeBytes = OrNull(place.space?.free)
        totalBytes = OrNull(place.space?.total)
        problems = place.problems
        doubt = OrNull(place.doubt.map(DoubtResult.init))
        strays = place.strays
    }
}
