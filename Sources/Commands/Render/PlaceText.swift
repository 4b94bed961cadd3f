import Clusters
import Model
import ObjectStorage

/// The storage and targets, as people read them.
struct PlaceText {
    let now: Timestamp

    /// "passed over, as none of Holdfast's: snapshots/notes.txt and 2 more"; nil when there is nothing.
    static func passedOver(_ place: ClusterStatus.Place) -> String? {
        guard let first = place.strays.first else { return nil }
        let more = place.strays.count > 1 ? " and \(grouped(place.strays.count - 1)) more" : ""
        return "passed over, as none of Holdfast's: \(printable(first))\(more)"
    }

    /// "/mnt/nas: 3 backups, newest nightly 4h ago; 1.2 TB free".
    func line(_ place: ClusterStatus.Place, of kind: ManifestKind) -> String {
        if place.space == nil { return "\(place.path): \(place.problems.first ?? "nothing there yet; its first use makes it")" }
        let newest = place.newest.map { ", newest \($0.manifest.name) \(relativeAge(of: $0.manifest.created, at: now))" } ?? ""
        let free = place.space.map { "; \(ByteCount($0.free)) free" } ?? ""
        let damaged = place.problems.isEmpty ? "" : "; \(place.problems.count) cannot be read"
        let doubt = place.doubt.map { "; \($0.text)" } ?? ""
        let strays = Self.passedOver(place).map { "; \($0)" } ?? ""
        return "\(place.path): \(counted(place.entries, kind.rawValue))\(newest)\(free)\(damaged)\(doubt)\(strays)"
    }
}
