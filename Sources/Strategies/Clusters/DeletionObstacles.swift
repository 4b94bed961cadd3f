import Archiving
import HostIO
import Model
import StoreContract

extension Cluster {
    /// Nothing is removed from any store while something of one would have to stay: an immutable file, a mount, a read-only subvolume.
    func refuseDeletionObstacles(job: JobControl) throws {
        try RemovalObstacles.refuse(try file.stores.flatMap { try adapter(for: $0).obstaclesToDestroying(job: job) })
    }
}
