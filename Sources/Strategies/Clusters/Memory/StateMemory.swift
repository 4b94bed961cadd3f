import HostIO
package import Model

extension StateDirectory {
    /// What was seen in the storage and the targets.
    static let memories = "seen.json"

    func memoryBook() throws -> MemoryBook {
        guard let json = try read(Self.memories) else { return MemoryBook() }
        return try MemoryBook(json: json, at: "\(path)/\(Self.memories)")
    }

    func save(_ book: MemoryBook) throws { try write(try book.json(), Self.memories) }

    /// Held for moments, by whoever changes it.
    func lockMemories(host: Host) throws -> FileLock { try takeLock("seen.lock", "noting what was seen", host, .seconds(30)) }
}

extension Cluster {
    /// The place that a path means; nil for one that is none of this cluster.
    package func rememberedPlace(at path: String) throws -> RememberedPlace? {
        if path == file.storage { return .storage }
        return try targets().first { $0.path == path }.map { .target($0.name) }
    }

    /// Nil when nothing was seen of it, or by what was another cluster then. Throws `damaged` for a file that cannot be read.
    func memory(of place: RememberedPlace) throws -> PlaceMemory? {
        guard var known = try state.memoryBook().places[place.key] else { return nil }
        known.drop(try DeletionJournal(state: state).ids())
        return known.cluster == (try catalogue().clusterID) ? known : nil
    }

    /// Changes it durably, one after the other.
    func changeMemory(of place: RememberedPlace, _ change: (inout PlaceMemory?) -> Void) throws {
        let lock = try state.lockMemories(host: host)
        defer { lock.release() }
        let journal = DeletionJournal(state: state)
        var book = try state.memoryBook()
        var memory = try memory(of: place)
        change(&memory)
        guard memory != book.places[place.key] else { return }
        book.places[place.key] = memory
        let deleted = try journal.ids()
        for key in book.places.keys { book.places[key]?.drop(deleted) }
        while true {
            do {
                try state.save(book)
                break
            } catch let error as SystemError where error.isNoSpace { guard try giveBallastUp() else { throw error } }
        }
        if deleted.isEmpty { journal.prepare() } else { try journal.clear() }
    }

    /// Notes deletions where there is no room for a memory. False when that is not possible either.
    func journalDeletions(_ ids: Set<String>) throws -> Bool {
        let lock = try state.lockMemories(host: host)
        defer { lock.release() }
        return try DeletionJournal(state: state).note(ids)
    }

    /// Starts anew where the file cannot be read.
    func replaceMemory(of place: RememberedPlace, by memory: PlaceMemory) throws {
        let lock = try state.lockMemories(host: host)
        defer { lock.release() }
        var book = (try? state.memoryBook()) ?? MemoryBook()
        book.places[place.key] = memory
        try state.save(book)
    }
}
