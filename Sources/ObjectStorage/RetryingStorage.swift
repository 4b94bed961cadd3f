import Synchronization

/// How often and how patiently a failed operation is repeated.
package struct RetryPolicy: Hashable, Sendable {
    /// All tries of one operation together, the first included.
    package var attempts: Int
    package var firstPause: Duration
    /// Pauses double up to this.
    package var longestPause: Duration

    package init(attempts: Int = 5, firstPause: Duration = .milliseconds(200), longestPause: Duration = .seconds(5)) {
        self.attempts = max(1, attempts)
        self.firstPause = firstPause
        self.longestPause = longestPause
    }

    /// The pause after the failed try number `attempt`, from 1.
    package func pause(after attempt: Int) -> Duration {
        var pause = firstPause
        for _ in 1..<max(attempt, 1) where pause < longestPause { pause = pause * 2 }
        return min(pause, longestPause)
    }
}

/// Repeats what failed for a reason that may pass: input/output errors and a place that does not answer. A place that stayed unreachable through
/// all tries of one operation is asked once by each further one, until it answers again.
package struct RetryingStorage: ObjectStorage {
    private let base: any ObjectStorage
    private let policy: RetryPolicy
    private let sleep: @Sendable (Duration) -> Void
    private let goesOn: @Sendable () -> Bool
    private let onRetry: @Sendable (StorageError) -> Void
    private let memory = Memory()

    private final class Memory: Sendable {
        let isDown = Atomic<Bool>(false)
    }

    /// `onRetry` hears of each failure that is not the last. `goesOn`: whether anybody still waits for it; asked before each pause.
    package init(
        _ base: any ObjectStorage, policy: RetryPolicy = RetryPolicy(), sleep: @escaping @Sendable (Duration) -> Void,
        goesOn: @escaping @Sendable () -> Bool = { true }, onRetry: @escaping @Sendable (StorageError) -> Void = { _ in }
    ) {
        self.base = base
        self.policy = policy
        self.sleep = sleep
        self.goesOn = goesOn
        self.onRetry = onRetry
    }

    package var location: String { base.location }

    /// `body` gets the number of the try, from 1.
    private func retrying<Result>(_ body: (Int) throws(StorageError) -> Result) throws(StorageError) -> Result {
        var attempt = 1
        while true {
            do throws(StorageError) {
                let result = try body(attempt)
                memory.isDown.store(false, ordering: .relaxed)
                return result
            } catch {
                let isDown = error.kind == .unreachable
                guard isDown || error.kind == .inputOutput, goesOn() else { throw error }
                guard attempt < policy.attempts, !(isDown && memory.isDown.load(ordering: .relaxed)) else {
                    if isDown { memory.isDown.store(true, ordering: .relaxed) }
                    throw error
                }
                onRetry(error)
                sleep(policy.pause(after: attempt))
                attempt += 1
            }
        }
    }

    package func list(_ folder: String) throws(StorageError) -> [ObjectEntry] {
        try retrying { _ throws(StorageError) in try base.list(folder) }
    }

    package func holdsFolder(_ folder: String) throws(StorageError) -> Bool? {
        try retrying { _ throws(StorageError) in try base.holdsFolder(folder) }
    }

    package func strays(in folder: String) throws(StorageError) -> [String] {
        try retrying { _ throws(StorageError) in try base.strays(in: folder) }
    }

    package func size(of name: ObjectName) throws(StorageError) -> UInt64? {
        try retrying { _ throws(StorageError) in try base.size(of: name) }
    }

    package func read(_ name: ObjectName, from offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        try retrying { _ throws(StorageError) in try base.read(name, from: offset, into: buffer) }
    }

    /// After a failed try, the object may be there: one with the same bytes is then ours.
    package func write(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        try retrying { attempt throws(StorageError) in
            do throws(StorageError) { try base.write(name, parts) } catch {
                guard error.kind == .exists, attempt > 1, try holds(parts, name) else { throw error }
            }
        }
    }

    private func holds(_ parts: [UnsafeRawBufferPointer], _ name: ObjectName) throws(StorageError) -> Bool {
        guard try base.size(of: name) == UInt64(parts.reduce(0) { $0 + $1.count }) else { return false }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var offset: UInt64 = 0
        for part in parts {
            for start in stride(from: 0, to: part.count, by: buffer.count) {
                let expected = UnsafeRawBufferPointer(rebasing: part[start..<min(start + buffer.count, part.count)])
                let found = UnsafeMutableRawBufferPointer(rebasing: buffer[..<expected.count])
                try base.read(name, from: offset, into: found)
                guard found.elementsEqual(expected) else { return false }
                offset += UInt64(expected.count)
            }
        }
        return true
    }

    package func replace(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        try retrying { _ throws(StorageError) in try base.replace(name, parts) }
    }

    package func remove(_ name: ObjectName) throws(StorageError) {
        try retrying { _ throws(StorageError) in try base.remove(name) }
    }

    package func space() throws(StorageError) -> StorageSpace? { try retrying { _ throws(StorageError) in try base.space() } }
}
