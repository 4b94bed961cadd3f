import HostIO
import ResticFormat

/// How many packs one writer may have in memory, or in its spool: as many as can be open at once and one for each thread that writes. Who needs one more
/// waits until a pack has been written, so the memory of a writer does not depend on how slow its storage is.
final class PackMemory: Sendable {
    private let size: Int
    private let mostBlobs: Int
    private let spool: String?
    private let packs: Limiter

    /// As many as `assemblies`, of the size that `options` say.
    init(assemblies: Int, options: WriteOptions) {
        size = options.packSize + options.slack
        mostBlobs = options.packBlobs
        spool = options.spool
        packs = Limiter(assemblies)
    }

    /// An empty assembly with room for a blob of `bytes`.
    func take(_ kind: BlobKind, atLeast bytes: Int) throws -> PackAssembly {
        _ = try packs.take(1)
        do { return try PackAssembly(kind: kind, capacity: max(bytes, size), mostBlobs: mostBlobs, spool: spool) } catch {
            packs.giveBack(1)
            throw error
        }
    }

    /// The caller has let go of an assembly, whose memory is free again: kept for the next one, it would add to the peak.
    func giveBack() { packs.giveBack(1) }

    /// Wakes all who wait, who throw `error`.
    func fail(_ error: any Error) { packs.fail(error) }
}
