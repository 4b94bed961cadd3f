import Glibc
import HostIO

/// What somebody who may write in a target can put in the place of a file.
package enum HostileEntry: String, Sendable, CaseIterable {
    case fifo, socket, device, directory, link, linkToNothing, sparse, empty, garbage, deep

    /// The size of the sparse file: 100 GB.
    package static let sparseBytes: Int64 = 100 << 30
    /// JSON of five million arrays in each other.
    package static let deepJSON = [UInt8](repeating: 0x5B, count: 5_000_000)

    /// Removes what lies at `path` and puts this there. A device that nothing can be read from; without root a FIFO.
    package func place(at path: String) throws {
        try removeTree(path)
        let folder = try Descriptor.openDirectory(Path.parent(path))
        let name = Array(Path.lastComponent(path).utf8)
        switch self {
        case .fifo: try folder.makeFifo(name, mode: 0o666)
        case .socket: try folder.makeNode(name, mode: S_IFSOCK | 0o666)
        case .device where geteuid() == 0: try folder.makeNode(name, mode: S_IFCHR | 0o666, device: 1 << 8 | 5)
        case .device: try folder.makeFifo(name, mode: 0o666)
        case .directory: try folder.makeDirectory(name)
        case .link: try folder.makeSymlink(name, to: Array("/etc/hostname".utf8))
        case .linkToNothing: try folder.makeSymlink(name, to: Array("nowhere".utf8))
        case .sparse: try folder.open(name, [.write, .createNew]).truncate(to: Self.sparseBytes)
        case .empty: try AtomicFile.write([], to: path)
        case .garbage:
            var random = SeededRandom(seed: 1)
            try AtomicFile.write(random.bytes(3000), to: path)
        case .deep: try AtomicFile.write(Self.deepJSON, to: path)
        }
    }
}
