import HostIO
import ResticFormat

/// How many packs one writer may have in memory: as many as can be open at once and one for each thread that writes. Who needs one more
/// waits until a pack has been written, so the memory of a writer does not depend on how slow its storage is.
final class PackMemory: Sendable {
    private let size: Int
    private let packs: Limiter

    /// `size`: bytes of an assembly.
    init(assemblies: Int, size: Int) {
        self.size = size
        packs = Limiter(assemblies)
    }

    /// An empty assembly with room for a blob of `bytes`.
    func take(_ kind: BlobKind, atLeast bytes: Int) throws -> PackAssembly {
        _ = try packs.take(1)
        return PackAssembly(kind: kind, capacity: max(bytes, size))
    }

    /// The caller has let go of an assembly, whose memory is free again: kept for the next one, it would add to the peak.
    func giveBack() { packs.giveBack(1) }

    /// Wakes all who wait, who throw `error`.
    func fail(_ error: any Error) { packs.fail(error) }
}
