import Clusters
import Model
import ResticFormat

extension SnapshotRequest {
    /// How the fresh snapshots of backups are called, which end after a day.
    package static let backupPrefix = "for-backup-"
}

extension Manifest {
    /// Taken by a person: what the limits are for.
    fileprivate var isByHand: Bool { style == .manual && !name.text.hasPrefix(SnapshotRequest.backupPrefix) }
}

extension Snapshots {
    /// Throws `refused` when there are as many manual snapshots, pinned ones aside, as may be. Gives a warning when one more makes them many.
    func checkRoomForManual(_ request: SnapshotRequest, among entries: [RepositoryEntry]) throws -> String? {
        guard request.style == .manual, !request.name.text.hasPrefix(SnapshotRequest.backupPrefix) else { return nil }
        let catalogue = try cluster.catalogue()
        let limits = catalogue.policies.snapshot.manual
        let manual = entries.filter {
            $0.manifest.cluster.id == catalogue.clusterID && $0.manifest.isByHand
                && !catalogue.keeping(of: $0.manifest, id: $0.id.hex).pinned
        }
        let oldest = manual.prefix(3).map(\.manifest.name.text).joined(separator: " ")
        let remedy = "holdfast snapshot delete \(oldest) -c \(cluster.file.path) removes the oldest"
        switch limits.verdict(on: manual.count) {
        case .fine: return nil
        case .many:
            return "there are \(manual.count + 1) manual snapshots that are not pinned, and \(limits.refusal) at most: \(remedy)"
        case .tooMany:
            throw Failure(
                .refused,
                "there are \(counted(manual.count, "manual snapshot")) that \(manual.count == 1 ? "is" : "are") not pinned, and \(limits.refusal) at most",
                hint: "\(remedy); or pin those to keep for good; holdfast snapshot policy update --manual-refuse N allows more")
        }
    }
}
