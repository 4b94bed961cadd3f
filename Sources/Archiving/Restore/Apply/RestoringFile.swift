import HostIO
import ResticFormat
import Synchronization

/// A large file that several threads write, blob by blob.
final class RestoringFile: Sendable {
    private struct State {
        var next = 0
        var outstanding = 0
        var problem: String?
        var written = 0
    }

    let descriptor: SharedDescriptor
    let directory: RestoredDirectory
    let node: Node
    let workingName: [UInt8]
    /// The offset of each blob in the file, and the end.
    let offsets: [UInt64]
    /// Blobs to be written into a file that has the others, in their order; nil: all, into a new one.
    let blobs: [Int]?
    private let state: Mutex<State>

    init(
        _ descriptor: SharedDescriptor, in directory: RestoredDirectory, node: Node, workingName: [UInt8], offsets: [UInt64],
        blobs: [Int]? = nil, helpers: Int
    ) {
        self.descriptor = descriptor
        self.directory = directory
        self.node = node
        self.workingName = workingName
        self.offsets = offsets
        self.blobs = blobs
        state = Mutex(State(outstanding: helpers))
    }

    /// The next blob that nobody has taken; nil when all are taken or one has failed.
    func takeBlob() -> Int? {
        state.withLock { state in
            guard state.next < blobs?.count ?? (offsets.count - 1), state.problem == nil else { return nil }
            defer { state.next += 1 }
            return blobs?[state.next] ?? state.next
        }
    }

    func wrote(_ bytes: Int) { state.withLock { $0.written += bytes } }
    /// What of a file that was there has been written.
    var bytesWritten: Int { state.withLock { $0.written } }

    func fail(_ problem: String) { state.withLock { $0.problem = $0.problem ?? problem } }

    enum Outcome { case written, failed(String) }

    /// A thread is done helping; not nil when it was the last.
    func complete() -> Outcome? {
        state.withLock { state in
            state.outstanding -= 1
            guard state.outstanding == 0 else { return nil }
            return state.problem.map(Outcome.failed) ?? .written
        }
    }
}
