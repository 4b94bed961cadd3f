import Clusters
import Model
import ObjectStorage

/// The storage and targets, as people read them.
struct PlaceText {
    let now: Timestamp

    /// "/mnt/nas: 3 backups, newest nightly 4h ago; 1.2 TB free".
    func line(_ place: ClusterStatus.Place, of kind: ManifestKind) -> String {
        if place.space == nil { return "\(place.path): \(place.problems.first ?? "nothing there yet; its first use makes it")" }
        let newest = place.newest.map { ", newest \($0.manifest.name) \(relativeAge(of: $0.manifest.created, at: now))" } ?? ""
        let free = place.space.map { "; \(ByteCount($0.free)) free" } ?? ""
        let damaged = place.problems.isEmpty ? "" : "; \(place.problems.count) cannot be read"
        let doubt = place.doubt.map { "; \($0.text)" } ?? ""
        return "\(place.path): \(counted(place.entries, kind.rawValue))\(newest)\(free)\(damaged)\(doubt)"
    }
}
