import Archiving
import HostIO
import Model

/// Room where a store is, or will be.
package struct StoreSpace: Hashable, Sendable {
    /// Equal for stores that share the room.
    package var fileSystem: String
    /// A directory, or the address of an HDFS, for messages.
    package var place: String
    /// Bytes.
    package var free: UInt64
    /// How many times a byte of the store lies there, at most.
    package var mostReplicas: Int
    /// Holes of files take no room.
    package var keepsHoles: Bool

    package init(fileSystem: String, place: String, free: UInt64, mostReplicas: Int = 1, keepsHoles: Bool) {
        self.keepsHoles = keepsHoles
        self.fileSystem = fileSystem
        self.place = place
        self.free = free
        self.mostReplicas = mostReplicas
    }

    /// Of the file system of a path of this host that need not be there yet.
    package static func local(_ path: String) throws -> StoreSpace? {
        var place = path
        while place != "/", try statusOfPath(place)?.kind != .directory { place = PathText.parent(of: place) }
        guard let device = try statusOfPath(place)?.device else { return nil }
        let folder = try Descriptor.openDirectory(place)
        return StoreSpace(
            fileSystem: "device \(device)", place: place, free: try folder.space().free, keepsHoles: HoleKeeping.isThere(in: folder))
    }
}
