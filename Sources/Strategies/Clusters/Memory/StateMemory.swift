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
        guard let known = try state.memoryBook().places[place.key] else { return nil }
        return known.cluster == (try catalogue().clusterID) ? known : nil
    }

    /// Changes it durably, one after the other.
    func changeMemory(of place: RememberedPlace, _ change: (inout PlaceMemory?) -> Void) throws {
        let lock = try state.lockMemories(host: host)
        defer { lock.release() }
        var book = try state.memoryBook()
        var memory = try memory(of: place)
        change(&memory)
        guard memory != book.places[place.key] else { return }
        book.places[place.key] = memory
        while true {
            do { return try state.save(book) } catch let error as SystemError where error.isNoSpace {
                guard try giveBallastUp() else { throw error }
            }
        }
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
