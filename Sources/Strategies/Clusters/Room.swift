import HostIO
import Model
import ObjectStorage
package import RepositoryEngine

extension Cluster {
    /// Runs what frees room in the repository at `path`: where there is none left, its ballast is given up meanwhile, for the catalogue too;
    /// in the end it is made again, if there is room by then.
    package func freeing<R>(_ path: String, _ body: () throws -> R) throws -> R {
        let place = try ballasted(path)
        place.beginFreeing()
        defer { place.endFreeing() }
        return try body()
    }

    /// Makes what is missing of the ballast of the repository at `path`, if there is room.
    package func keepBallast(at path: String) { try? ballasted(path).keepBallast() }

    /// A little room beside the repositories that are being freed. False when there is no ballast any more that may go.
    func giveBallastUp() throws -> Bool {
        var anyGone = false
        for place in placesBeingFreed where try place.giveBallastUp() { anyGone = true }
        return anyGone
    }
}

extension OpenRepository {
    /// For somebody who forgets snapshots. Where not even a lock has room, one that stands nowhere has to do, as for a reader: to forget
    /// disturbs nobody, and frees the room.
    package func lockForForgetting() throws -> RepositoryLock {
        do {
            return try lock(.write, patience: .seconds(30))
        } catch  where Failure(describing: error).code == .space {
            return try lock(.read, patience: .seconds(30))
        }
    }
}
