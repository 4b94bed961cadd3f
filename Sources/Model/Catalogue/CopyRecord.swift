/// The snapshot that a backup under way is made from: it is held as long as that takes, while others come and go.
package struct CopyRecord: Hashable, Sendable, Codable {
    /// Hex.
    package var snapshotID: String
    package var snapshot: SnapshotName
    package var backup: SnapshotName
    /// Name of the target.
    package var target: String

    package init(snapshotID: String, snapshot: SnapshotName, backup: SnapshotName, target: String) {
        self.snapshotID = snapshotID
        self.snapshot = snapshot
        self.backup = backup
        self.target = target
    }

    /// Why the snapshot is not deleted now.
    package var refusal: Failure {
        Failure(
            .refused, "the snapshot \(snapshot) is being copied: the backup \(backup) in \(target) is made from it",
            hint: "delete it when the backup is there; holdfast jobs shows how it comes on")
    }
}
