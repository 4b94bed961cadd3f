import ResticFormat
import Synchronization

/// A large file whose blobs are made by several threads.
final class PendingFile: Sendable {
    fileprivate struct State {
        var ids: [BlobID?] = []
        /// The reader counts as one.
        var outstanding = 1
        var failed = false
        var hasTimeOfChange = true
        var size: UInt64 = 0
    }

    enum Outcome {
        case content([BlobID], size: UInt64)
        /// It could not be read to its end.
        case failed
    }

    let directory: PendingDirectory
    let index: Int
    /// As the open file said before it was read.
    private let opened: Node
    private let state = Mutex(State())

    init(directory: PendingDirectory, index: Int, node: Node) {
        self.directory = directory
        self.index = index
        opened = node
    }

    /// The next blob's place in the content.
    func reserve(bytes: Int) -> Int {
        state.withLock { state in
            state.ids.append(nil)
            state.outstanding += 1
            state.size += UInt64(bytes)
            return state.ids.count - 1
        }
    }

    /// `count` blobs that are known already.
    func append(_ id: BlobID, count: Int, bytes: UInt64) {
        state.withLock { state in
            state.ids.append(contentsOf: repeatElement(BlobID?.some(id), count: count))
            state.size += bytes
        }
    }

    /// Not nil when it was the last thing to be done.
    func complete(_ ordinal: Int, _ id: BlobID) -> Outcome? {
        state.withLock { state in
            state.ids[ordinal] = id
            return state.countDown()
        }
    }

    /// Its metadata do not tell it from a later one (``SourceFile/isSettled``).
    func forgetTimeOfChange() { state.withLock { $0.hasTimeOfChange = false } }

    /// As the open file said before it was read, to be stored when it is done.
    var node: Node {
        var node = opened
        if state.withLock({ !$0.hasTimeOfChange }) { node.ctime = .epoch }
        return node
    }

    func completeReading(failed: Bool) -> Outcome? {
        state.withLock { state in
            state.failed = failed
            return state.countDown()
        }
    }
}

extension PendingFile.State {
    fileprivate mutating func countDown() -> PendingFile.Outcome? {
        outstanding -= 1
        guard outstanding == 0 else { return nil }
        defer { ids = [] }
        return failed ? .failed : .content(ids.compactMap { $0 }, size: size)
    }
}
