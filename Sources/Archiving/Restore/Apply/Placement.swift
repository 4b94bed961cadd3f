import CHost
import Glibc
import HostIO
import ResticFormat
import Synchronization

/// How finished entries get their names. In a destination that was empty they have them from the start; elsewhere they are written under
/// a temporary name, and a batch of them is made durable before it is renamed: after a crash each name has its old or its new entry.
final class Placement: Sendable {
    private struct Waiting {
        let directory: RestoredDirectory
        let temporary: [UInt8]
        let name: [UInt8]
    }

    private struct State {
        var waiting: [Waiting] = []
        var bytes = 0
        /// One directory of each file system that was written to.
        var fileSystems: [UInt64: DirectoryHandle] = [:]
        /// Under temporary names and not finished.
        var unfinished: [[UInt8]: DirectoryHandle] = [:]
        /// Moved out of the way, to be deleted when all is durable.
        var aside: [(directory: RestoredDirectory, name: [UInt8])] = []
        var serial = 0
    }

    private static let mostWaiting = 4096
    private static let mostBytes = 512 << 20

    let isDirect: Bool
    private let isDurable: Bool
    private let mark: String
    private let opened: OpenedDirectories
    private let state = Mutex(State())

    /// `mark` makes the temporary names of this restore different from those of others.
    init(isDirect: Bool, isDurable: Bool, mark: String, opened: OpenedDirectories) {
        self.opened = opened
        self.isDirect = isDirect
        self.isDurable = isDurable
        self.mark = mark
    }

    /// A name under which nothing is.
    private func temporaryName() -> [UInt8] {
        let serial = state.withLock { state in
            state.serial += 1
            return state.serial
        }
        return TemporaryName.make(mark: mark, serial: serial)
    }

    /// The name to make an entry of `directory` under; told to ``finished(_:as:in:bytes:)`` or ``gaveUp(_:)`` later.
    func workingName(for name: [UInt8], in directory: DirectoryHandle) -> [UInt8] {
        if isDirect { return name }
        let temporary = temporaryName()
        state.withLock { $0.unfinished[temporary] = directory }
        return temporary
    }

    /// There is nothing under the name any more.
    func gaveUp(_ temporary: [UInt8]) { state.withLock { $0.unfinished[temporary] = nil } }

    func touched(_ handle: DirectoryHandle) {
        state.withLock { state in
            if state.fileSystems[handle.device] == nil { state.fileSystems[handle.device] = handle }
        }
    }

    /// An entry is as it shall be but for its name. Returns whether a batch is full and ``flush(_:)`` is due.
    func finished(_ temporary: [UInt8], as name: [UInt8], in directory: RestoredDirectory, bytes: Int) -> Bool {
        state.withLock { state in
            state.unfinished[temporary] = nil
            state.waiting.append(Waiting(directory: directory, temporary: temporary, name: name))
            state.bytes += bytes
            return state.waiting.count >= Self.mostWaiting || state.bytes >= Self.mostBytes
        }
    }

    /// Makes all that waits durable and gives it its names; `placed` is called for each. What stands under a name and cannot be replaced
    /// is told to `refused`, which throws when nothing more is to be tried; what was to be there is removed then.
    func flush(
        _ placed: (RestoredDirectory) throws -> Void, refused: (RestoredDirectory, [UInt8], SystemError) throws -> Void
    ) throws {
        let batch = state.withLock { state in
            defer { (state.waiting, state.bytes) = ([], 0) }
            return state.waiting
        }
        guard !batch.isEmpty else { return }
        var done = 0
        do {
            try sync()
            for entry in batch {
                do throws(SystemError) { try rename(entry.temporary, to: entry.name, in: entry.directory) } catch {
                    try refused(entry.directory, entry.name, error)
                    try? entry.directory.handle.open().descriptor.remove(entry.temporary)
                }
                done += 1
                try placed(entry.directory)
            }
        } catch {
            state.withLock { $0.waiting += batch[done...] }
            throw error
        }
    }

    /// Everything written so far is durable.
    func sync() throws(SystemError) {
        guard isDurable else { return }
        for handle in state.withLock({ Array($0.fileSystems.values) }) {
            let open = try handle.open()
            guard holdfast_syncfs(open.descriptor.raw) == 0 else { throw SystemError(errno, "sync", open.descriptor.path) }
        }
    }

    /// A directory in the way is moved aside; so is anything in the way of a directory.
    func rename(_ temporary: [UInt8], to name: [UInt8], in directory: RestoredDirectory) throws(SystemError) {
        let open = try directory.handle.open()
        do throws(SystemError) {
            try opened.changing(directory.handle) { () throws(SystemError) in try open.descriptor.rename(temporary, to: name) }
        } catch {
            guard [EISDIR, ENOTDIR, ENOTEMPTY, EEXIST].contains(error.errno) else { throw error }
            try moveAside(name, in: directory)
            try open.descriptor.rename(temporary, to: name)
        }
    }

    /// The directory is not done before what was moved has been deleted.
    func moveAside(_ name: [UInt8], in directory: RestoredDirectory) throws(SystemError) {
        let aside = temporaryName()
        try directory.handle.open().descriptor.rename(name, to: aside)
        directory.expectMore()
        state.withLock { $0.aside.append((directory, aside)) }
    }

    func takeAside() -> [(directory: RestoredDirectory, name: [UInt8])] {
        state.withLock { state in
            defer { state.aside = [] }
            return state.aside
        }
    }

    /// After a failure: what is under a temporary name is removed, as far as possible.
    func abandon() {
        let (batch, unfinished) = state.withLock { state in
            defer { (state.waiting, state.unfinished) = ([], [:]) }
            return (state.waiting, state.unfinished)
        }
        for entry in batch { try? entry.directory.handle.open().descriptor.remove(entry.temporary) }
        for (name, handle) in unfinished { try? handle.open().descriptor.remove(name) }
    }
}
