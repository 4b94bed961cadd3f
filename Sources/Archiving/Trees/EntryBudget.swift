import Model
import RepositoryEngine
import Synchronization

/// How many entries an image in a repository may have.
///
/// A tree may stand in an image any number of times: ten small trees can say that there are 10^30 directories. Whoever walks an image spends what
/// it reads; when that is more than the repository has blobs, all entries are counted once, which reads each tree once.
final class EntryBudget: Sendable {
    /// Entries that are read before anything is counted.
    private static let uncounted: UInt64 = 100_000

    let limit: UInt64
    private let state = Mutex((seen: UInt64(0), counted: UInt64?.none))

    init(limit: UInt64) { self.limit = limit }

    /// More than any image has that was made of entries: far more than there is content to be in them.
    static func usual(in repository: IndexedRepository) -> UInt64 {
        max(100_000_000, UInt64(repository.blobCount).multipliedSaturated(by: 64))
    }

    func spend(_ entries: Int, of tree: ArchivedTree, _ checkCancelled: @escaping () throws -> Void) throws {
        let (counted, seen) = state.withLock { state in
            state.seen.grow(by: UInt64(entries))
            return (state.counted, state.seen)
        }
        if let counted { return try check(counted) }
        guard seen > Self.uncounted, seen > UInt64(tree.repository.blobCount).multipliedSaturated(by: 8) else { return }
        // Two threads that come here at once count the same.
        let all = try ImageMeasure(of: .archived(tree), .entries, checkCancelled).entries
        state.withLock { $0.counted = all }
        try check(all)
    }

    /// Throws `refused` when an image has more entries than it may have.
    func check(_ entries: UInt64) throws(Failure) {
        guard entries > limit else { return }
        let words = entries == .max ? "more than \(UInt64.max)" : "\(entries)"
        throw Failure(
            .refused, "the image has \(words) entries, out of far fewer directories: nobody's files look like that",
            hint: "where it is meant to be so, --max-entries \(entries) goes on")
    }
}
