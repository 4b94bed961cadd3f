import HostIO
import Model
import ResticFormat
import Synchronization

/// What comparing the content of files has found, for the next plan of the same restore: one is shown, one is made afresh, one is applied.
///
/// A file is the same as before by size, times and inode, as for an archiver. One that had changed shortly before it was compared may change again
/// within one tick of the file system's clock, and is not remembered.
final class ComparedFiles: Sendable {
    /// Of this process.
    static let shared = ComparedFiles()

    struct Found: Sendable {
        var isSame: Bool
        var blobs: [Int]
        var bytes: UInt64
    }

    private struct Key: Hashable {
        var device: UInt64
        var inode: UInt64
        var writesInPlace: Bool
    }

    private struct Entry: Sendable {
        var there: Node
        var content: [BlobID]
        var found: Found
    }

    /// What is more lets go of all.
    private static let most = 4096
    private let entries = Mutex<[Key: Entry]>([:])

    private func key(_ file: FileComparison, _ options: TreeRestore.Options) -> Key? {
        guard file.there.inode != 0, file.node.content != nil else { return nil }
        return Key(device: file.directory.source.handle.device, inode: file.there.inode, writesInPlace: options.writesInPlace)
    }

    func found(_ file: FileComparison, _ options: TreeRestore.Options) -> Found? {
        guard let key = key(file, options), let entry = entries.withLock({ $0[key] }) else { return nil }
        return entry.there.hasSameIdentity(as: file.there) && entry.content == file.node.content ? entry.found : nil
    }

    func remember(_ file: FileComparison, _ found: Found, _ options: TreeRestore.Options) {
        // Holes are compared at once, and their ids would take more room than that is worth.
        guard let key = key(file, options), file.isSettled, !file.isMostlyHoles else { return }
        let entry = Entry(there: file.there, content: file.node.content ?? [], found: found)
        entries.withLock { entries in
            if entries.count >= Self.most { entries = [:] }
            entries[key] = entry
        }
    }

    /// Seconds after which a file that changes again has another time of change: of file systems that count whole seconds, and of others.
    static func tick(of time: NodeTime) -> Double { time.nanoseconds % 1_000_000 == 0 ? 2 : 0.05 }
}
