package import RepositoryEngine

/// An entry to be restored, what reading its images needs, and the lock that keeps deletions away as long as this is held.
package struct HeldEntry: Sendable {
    package let entry: RepositoryEntry
    package let reader: EntryReader
    private let lock: RepositoryLock

    package init(_ entry: RepositoryEntry, _ reader: EntryReader, under lock: RepositoryLock) {
        self.entry = entry
        self.reader = reader
        self.lock = lock
    }
}
