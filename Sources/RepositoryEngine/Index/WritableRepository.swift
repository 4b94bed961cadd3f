/// An index that was loaded under a lock, and the lock: what it holds stays as long as that is held, so it can be built upon.
package struct WritableRepository: Sendable {
    package let index: IndexedRepository
    package let lock: RepositoryLock

    init(index: IndexedRepository, lock: RepositoryLock) {
        self.index = index
        self.lock = lock
    }

    /// The writer keeps the lock as long as it lives, unless that is released before. Throws when it is not held any more.
    package func beginWriting(_ options: WriteOptions = WriteOptions()) throws -> BlobWriter {
        try lock.checkHeld()
        return try BlobWriter(repository: index, lock: lock, options: options)
    }
}
