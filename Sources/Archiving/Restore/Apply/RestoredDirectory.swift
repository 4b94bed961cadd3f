import HostIO
import ResticFormat
import Synchronization

/// A directory of the destination while its entries are restored; its own metadata are set when the last of them is done.
final class RestoredDirectory: Sendable {
    let handle: DirectoryHandle
    let image: ImageDirectory
    /// Its metadata; nil when they are not known and stay as they are.
    let node: Node?
    /// Nothing in it can be given another name or be removed, by chattr(1).
    let isAppendOnly: Bool
    private let outstanding: Mutex<Int>
    // Written by `deinit` alone, when nobody else can see it.
    nonisolated(unsafe) private(set) var parent: RestoredDirectory?

    /// `outstanding` is what will be told to ``complete()``.
    init(
        _ handle: DirectoryHandle, image: ImageDirectory, node: Node?, outstanding: Int, isAppendOnly: Bool = false,
        parent: RestoredDirectory?
    ) {
        self.isAppendOnly = isAppendOnly
        self.handle = handle
        self.image = image
        self.node = node
        self.parent = parent
        self.outstanding = Mutex(outstanding)
    }

    deinit {
        // One level at a time: a chain of many thousand directories must not be released by recursion.
        var next = parent.take()
        while next != nil, isKnownUniquelyReferenced(&next) {
            let above = next?.parent.take()
            next = above
        }
    }

    /// Something more must be done before the directory is.
    func expectMore(_ count: Int = 1) { outstanding.withLock { $0 += count } }

    /// Whether that was the last.
    func complete() -> Bool {
        outstanding.withLock { outstanding in
            outstanding -= 1
            return outstanding == 0
        }
    }
}
