import Glibc
import HostIO
import Synchronization

/// Open descriptors of the objects read last: a restore reads many ranges of the same object.
final class OpenObjects: Sendable {
    fileprivate struct State {
        var descriptors: [ObjectName: Slot] = [:]
        var clock: UInt64 = 0
    }

    fileprivate struct Slot {
        var descriptor: SharedDescriptor
        var lastUse: UInt64
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) { self.capacity = max(1, capacity) }

    /// The kept descriptor, or a new one from `open`, which runs outside the lock.
    func descriptor(
        of name: ObjectName, open: () throws(SystemError) -> SharedDescriptor
    ) throws(SystemError) -> SharedDescriptor {
        if let kept = state.withLock({ $0.use(name) }) { return kept }
        let opened = try opening(open)
        return state.withLock { state in
            // Another thread may have been quicker.
            if let kept = state.use(name) { return kept }
            if state.descriptors.count >= capacity { state.dropOldest() }
            state.clock += 1
            state.descriptors[name] = Slot(descriptor: opened, lastUse: state.clock)
            return opened
        }
    }

    /// Where few descriptors are allowed, what is kept makes way.
    private func opening(_ open: () throws(SystemError) -> SharedDescriptor) throws(SystemError) -> SharedDescriptor {
        do throws(SystemError) { return try open() } catch {
            guard error.errno == EMFILE || error.errno == ENFILE else { throw error }
            state.withLock { $0.descriptors = [:] }
            return try open()
        }
    }

    func forget(_ name: ObjectName) { _ = state.withLock { $0.descriptors.removeValue(forKey: name) } }
}

extension OpenObjects.State {
    fileprivate mutating func use(_ name: ObjectName) -> SharedDescriptor? {
        guard let descriptor = descriptors[name]?.descriptor else { return nil }
        clock += 1
        descriptors[name]?.lastUse = clock
        return descriptor
    }

    fileprivate mutating func dropOldest() {
        if let oldest = descriptors.min(by: { $0.value.lastUse < $1.value.lastUse })?.key { descriptors.removeValue(forKey: oldest) }
    }
}
