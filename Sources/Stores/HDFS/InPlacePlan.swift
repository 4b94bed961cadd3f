import Model
import ResticFormat
import StoreContract

/// What takes a directory of HDFS back to a snapshot of it, found from what HDFS says has changed. Older places are those of the snapshot,
/// newer ones those of now.
struct InPlacePlan: Sendable {
    /// How a file gets the content that it had.
    enum Rewriting: Hashable, Sendable {
        /// What was appended is cut off: so many bytes stay.
        case truncate(to: UInt64)
        case whole
    }

    /// Undone by renames.
    var moves: [SnapshotChanges.Move] = []
    /// Newer places, removed with all below them.
    var removals: [PlaceBelow] = []
    /// Older places, written again with all below them.
    var creations: [PlaceBelow] = []
    /// Older places of files that are there with other content.
    var rewritings: [PlaceBelow: Rewriting] = [:]
    /// Older places whose attributes differ, with what they are now.
    var attributes: [PlaceBelow: Node] = [:]
    var summary = StoreRestorePlan()

    var isEmpty: Bool { moves.isEmpty && removals.isEmpty && creations.isEmpty && rewritings.isEmpty && attributes.isEmpty }
}

extension StoreRestorePlan {
    private static let examplesKept = 20

    mutating func example(_ line: @autoclosure () -> String) {
        if examples.count < Self.examplesKept { examples.append(line()) }
    }

    /// Something that the restore undoes was changed then, in milliseconds since 1970.
    mutating func loses(_ milliseconds: Int64) {
        let time = NodeTime(milliseconds: milliseconds).timestamp
        newestChange = newestChange.map { max($0, time) } ?? time
    }
}
