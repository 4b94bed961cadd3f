import Glibc
import HostIO
import Synchronization

/// Directories of the destination in which their owner may not write, opened up as long as a restore makes entries in them.
///
/// After a crash one stays open until the next restore, which finds another mode than the image's and sets it.
final class OpenedDirectories: Sendable {
    private struct Opened {
        let handle: DirectoryHandle
        let mode: UInt32
    }

    private let opened = Mutex<[ObjectIdentifier: Opened]>([:])

    /// Runs `body`, which changes entries of the directory, once more when its mode forbids that and could be changed.
    func changing<Result>(_ handle: DirectoryHandle, _ body: () throws(SystemError) -> Result) throws(SystemError) -> Result {
        do throws(SystemError) { return try body() } catch {
            guard error.errno == EACCES, try open(handle) else { throw error }
            return try body()
        }
    }

    /// False when it is not the mode that forbids, or this user may not change it.
    private func open(_ handle: DirectoryHandle) throws(SystemError) -> Bool {
        let descriptor = try handle.open()
        let outcome = opened.withLock { opened -> Result<Bool, SystemError> in
            if opened[ObjectIdentifier(handle)] != nil { return .success(true) }
            do throws(SystemError) {
                guard let mode = try descriptor.descriptor.openUp() else { return .success(false) }
                opened[ObjectIdentifier(handle)] = Opened(handle: handle, mode: mode)
                return .success(true)
            } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    /// It has been given the mode that it is to have.
    func settled(_ handle: DirectoryHandle) { opened.withLock { $0[ObjectIdentifier(handle)] = nil } }

    /// Those that are still open get the modes that they had.
    func close() {
        let left = opened.withLock { opened in
            defer { opened = [:] }
            return opened.values.map { $0 }
        }
        for directory in left.sorted(by: { $0.handle.depth > $1.handle.depth }) {
            try? directory.handle.open().descriptor.setMode(directory.mode)
        }
    }
}
