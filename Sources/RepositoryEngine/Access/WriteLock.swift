/// A lock under which blobs may be written: the only way to a ``WritableRepository``.
///
/// It comes before the index because a prune announces what it wants gone and then asks who is at work: whoever locks later sees the
/// mark, whoever locked earlier is waited for (decision 002).
package struct WriteLock: Sendable {
    package let held: RepositoryLock
    package let repository: OpenRepository

    fileprivate init(_ held: RepositoryLock, of repository: OpenRepository) {
        self.held = held
        self.repository = repository
    }

    /// Loads all index files, then lists the packs: what the index knows in a pack that is not whole is not built upon, so that a backup
    /// mends as much as its source still has. List the snapshots before calling this (format section "Read and Write Ordering").
    package func loadIndex() throws -> WritableRepository {
        let index = try repository.loadIndex()
        try index.doomWhatIsNotWhole()
        return WritableRepository(index: index, lock: held)
    }

    /// See ``RepositoryLock/release()``.
    package func release() { held.release() }
}

extension OpenRepository {
    /// Like ``lock(_:patience:)`` with ``LockPurpose/write``, for somebody who adds blobs.
    package func lockForWriting(patience: Duration = .zero) throws -> WriteLock {
        WriteLock(try lock(.write, patience: patience), of: self)
    }
}
