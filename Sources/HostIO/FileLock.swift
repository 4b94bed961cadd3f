import Glibc
package import Model
import Synchronization

/// A lock on this host: an flock(2) on a file that says who holds it. It goes with the process, however that ends.
package final class FileLock: Sendable {
    private let held: Mutex<SharedDescriptor?>

    private init(_ file: SharedDescriptor) { held = Mutex(file) }

    /// Takes the lock, waiting up to `patience` for whoever holds it; then throws ``FileLockHeld``. The file is made when it is not
    /// there and stays behind. `purpose` is for the one who has to wait: "snapshot create nightly".
    package static func take(_ path: String, purpose: String, host: Host, patience: Duration = .zero) throws -> FileLock {
        let file = SharedDescriptor(try Descriptor.open(path, [.readWrite, .create], mode: 0o600))
        let clock = SystemClock()
        let start = clock.monotonicNanoseconds()
        while try !file.descriptor.tryLock() {
            let waited = Duration.nanoseconds(Int64(clamping: clock.monotonicNanoseconds() - start))
            if waited >= patience { throw FileLockHeld(path: path, holder: holder(file)) }
            sleepThread(for: min(patience - waited, .milliseconds(50)))
        }
        sign(file, "process \(host.processID) of \(host.user) on \(host.name): \(purpose)")
        return FileLock(file)
    }

    /// What is written is for people; on a full disk the lock holds without it.
    private static func sign(_ file: SharedDescriptor, _ text: String) {
        do {
            try file.descriptor.truncate(to: 0)
            try withBytes(of: Array(text.utf8)) { buffer throws(SystemError) in try file.descriptor.write(buffer, at: 0) }
        } catch { try? file.descriptor.truncate(to: 0) }
    }

    /// A second call does nothing. Otherwise the lock goes with the last reference.
    package func release() {
        let file = held.withLock { $0.take() }
        try? file?.descriptor.truncate(to: 0)
        try? file?.descriptor.unlock()
    }

    private static func holder(_ file: SharedDescriptor) -> String {
        let bytes = (try? file.descriptor.readAll(limit: 4096)) ?? []
        return bytes.isEmpty ? "another process" : String(decoding: bytes, as: UTF8.self)
    }

    deinit { release() }
}

/// Somebody else holds the lock.
package struct FileLockHeld: FailureConvertible, Hashable {
    package let path: String
    /// In the holder's own words.
    package let holder: String

    package var failure: Failure {
        Failure(.locked, "in use by \(holder)", hint: "wait until it has ended, then run the command again", cause: "lock \(path)")
    }
}
