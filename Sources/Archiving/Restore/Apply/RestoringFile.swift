import HostIO
import ResticFormat
import Synchronization

/// A large file that several threads write, blob by blob.
final class RestoringFile: Sendable {
    private struct State {
        /// The next one of ``blobs``, or the stretch and the blob in it.
        var next = 0
        var within = 0
        var outstanding = 0
        var problem: String?
        var written = 0
    }

    let descriptor: SharedDescriptor
    let directory: RestoredDirectory
    let node: Node
    let workingName: [UInt8]
    let layout: ContentLayout
    /// Blobs to be written into a file that has the others, in their order; nil: all, into a new one.
    let blobs: [Int]?
    private let state: Mutex<State>

    init(
        _ descriptor: SharedDescriptor, in directory: RestoredDirectory, node: Node, workingName: [UInt8], layout: ContentLayout,
        blobs: [Int]? = nil, helpers: Int
    ) {
        self.descriptor = descriptor
        self.directory = directory
        self.node = node
        self.workingName = workingName
        self.layout = layout
        self.blobs = blobs
        state = Mutex(State(outstanding: helpers))
    }

    struct Blob {
        var index: Int
        var offset: UInt64
        var size: Int
    }

    /// The next blob that nobody has taken; nil when all are taken or one has failed. The holes of a new file are left out.
    func takeBlob() -> Blob? {
        state.withLock { state in
            guard state.problem == nil else { return nil }
            if let blobs {
                guard state.next < blobs.count, let place = layout.place(of: blobs[state.next]) else { return nil }
                defer { state.next += 1 }
                return Blob(index: blobs[state.next], offset: place.offset, size: place.size)
            }
            while state.next < layout.stretches.count {
                let stretch = layout.stretches[state.next]
                guard !stretch.isHole, state.within < stretch.count else {
                    state.next += 1
                    state.within = 0
                    continue
                }
                defer { state.within += 1 }
                let index = stretch.first + state.within
                return Blob(index: index, offset: stretch.offset(of: index), size: stretch.size)
            }
            return nil
        }
    }

    func wrote(_ bytes: Int) { state.withLock { $0.written += bytes } }
    /// What has been written.
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
