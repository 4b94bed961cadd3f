import Glibc
package import Model
import Synchronization

/// A lock on this host: an flock(2) on a file that says who holds it. It goes with the process, however that ends.
package final class FileLock: Sendable {
    private let held: Mutex<SharedDescriptor?>

    private init(_ file: SharedDescriptor) { held = Mutex(file) }

    /// Takes the lock, waiting for whoever holds it as long as `patience` has; then throws ``FileLockHeld``. The file is made when it is not
    /// there and stays behind. `purpose` is for the one who has to wait: "snapshot create nightly".
    package static func take(_ path: String, purpose: String, host: Host, patience: LockPatience = .none) throws -> FileLock {
        let folder = try Descriptor.openDirectory(Path.parent(path))
        return try take(Path.lastComponent(path), in: folder, purpose: purpose, host: host, patience: patience)
    }

    /// The same of the file of that name in an open directory.
    package static func take(
        _ name: String, in folder: borrowing Descriptor, purpose: String, host: Host, patience: LockPatience = .none
    ) throws -> FileLock {
        let path = Path.join(folder.path, name)
        let file = SharedDescriptor(try open(Array(name.utf8), in: folder))
        let clock = SystemClock()
        let start = clock.monotonicNanoseconds()
        var isTold = false
        while try !file.descriptor.tryLock() {
            let waited = Duration.nanoseconds(Int64(clamping: clock.monotonicNanoseconds() - start))
            if waited >= patience.limit { throw FileLockHeld(path: path, holder: holder(file)) }
            if patience.isOver() { throw Cancelled() }
            if waited >= .milliseconds(200), !isTold {
                isTold = true
                patience.told(holder(file))
            }
            sleepThread(for: min(patience.limit - waited, .milliseconds(50)))
        }
        sign(file, LockSignature("process \(host.processID) of \(host.user) on \(host.name): \(purpose)", host.process).text)
        return FileLock(file)
    }

    /// Opens the file, or makes it; never through a symbolic link, and no other file that somebody has put in its place: what is written to it would be
    /// written there.
    private static func open(_ name: [UInt8], in folder: borrowing Descriptor) throws(SystemError) -> Descriptor {
        while true {
            do throws(SystemError) {
                let made = try folder.open(name, [.readWrite, .createNew, .nonBlocking], mode: 0o600)
                try made.takeOwner(of: folder)
                return made
            } catch { guard error.isExists else { throw error } }
            do throws(SystemError) {
                let there = try folder.open(name, [.readWrite, .nonBlocking])
                let status = try there.status()
                guard status.kind == .file, status.links <= 1 else { throw SystemError(EMLINK, "lock", there.path) }
                return there
            } catch { guard error.errno == ENOENT else { throw error } }
        }
    }

    /// Who holds the lock, in the holder's own words; nil when nobody does.
    package static func holder(of path: String) throws -> String? {
        guard try statusOfPath(path) != nil else { return nil }
        return try holder(of: Path.lastComponent(path), in: Descriptor.openDirectory(Path.parent(path)))
    }

    /// The same of the file of that name in an open directory.
    package static func holder(of name: String, in folder: borrowing Descriptor) throws -> String? {
        guard try folder.statusIfPresent(of: Array(name.utf8)) != nil else { return nil }
        let file = SharedDescriptor(try folder.open(Array(name.utf8), [.readWrite, .nonBlocking]))
        guard try file.descriptor.tryLock() else { return holder(file) }
        try file.descriptor.unlock()
        return nil
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
        guard !bytes.isEmpty else { return "another process" }
        return LockSignature(parsing: String(decoding: bytes, as: UTF8.self)).words(seenBy: LockSignature("", .current()))
    }

    deinit { release() }
}

/// How long a lock is waited for.
package struct LockPatience: Sendable {
    package static let none = LockPatience(.zero)
    package static func seconds(_ seconds: Double) -> LockPatience { LockPatience(.seconds(seconds)) }

    package var limit: Duration
    /// Asked while waiting: whether to give up with ``Cancelled``.
    package var isOver: @Sendable () -> Bool
    /// Called once when there is somebody to wait for, with who that is.
    package var told: @Sendable (_ holder: String) -> Void

    /// With at least so much time.
    package func atLeast(_ time: Duration) -> LockPatience {
        var longer = self
        longer.limit = max(limit, time)
        return longer
    }

    package init(
        _ limit: Duration, isOver: @escaping @Sendable () -> Bool = { false }, told: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.limit = limit
        self.isOver = isOver
        self.told = told
    }
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
