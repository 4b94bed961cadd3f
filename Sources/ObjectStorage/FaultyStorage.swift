import Synchronization

/// A storage that fails as it is told to, and records what it was asked. For tests of everything above a storage.
package final class FaultyStorage: ObjectStorage {
    private struct State {
        var faults: [(fault: Fault, count: Int)] = []
        var log: [StorageOperation] = []
        var crashed = false
    }

    private let base: any ObjectStorage
    private let state = Mutex(State())

    package init(_ base: any ObjectStorage, faults: [Fault] = []) {
        self.base = base
        for fault in faults { inject(fault) }
    }

    package var location: String { base.location }

    package func inject(_ fault: Fault) { state.withLock { $0.faults.append((fault, 0)) } }

    /// Dies at the change number `ordinal` (writes, replacements and removals), from 1, counted from now on.
    package func crash(atChange ordinal: Int, effectTaken: Bool) {
        inject(Fault(StorageOperation.changes, from: ordinal, effectTaken ? .crashAfter : .crashBefore))
    }

    /// Forgets all faults and a crash; the log stays.
    package func heal() {
        state.withLock { state in
            state.faults = []
            state.crashed = false
        }
    }

    package var hasCrashed: Bool { state.withLock { $0.crashed } }

    /// Everything that was asked, in the order of arrival, also what failed.
    package var log: [StorageOperation] { state.withLock { $0.log } }

    package func clearLog() { state.withLock { $0.log = [] } }

    /// How many changes were asked for: what a crash test enumerates.
    package var changeCount: Int { log.count { $0.isChange } }

    /// Records the operation and gives what is to happen to it.
    private func arrive(_ operation: StorageOperation) throws(StorageError) -> Fault.Effect? {
        let effect: Fault.Effect? = state.withLock { state in
            state.log.append(operation)
            if state.crashed { return .fail(.unreachable) }
            var hit: Fault.Effect?
            for index in state.faults.indices where state.faults[index].fault.counts(operation) {
                state.faults[index].count += 1
                if hit == nil, state.faults[index].fault.hits(state.faults[index].count) { hit = state.faults[index].fault.effect }
            }
            if hit == .crashBefore || hit == .crashAfter { state.crashed = true }
            return hit
        }
        switch effect {
        case .fail(let kind): throw error(kind, operation)
        case .crashBefore: throw error(.unreachable, operation)
        default: return effect
        }
    }

    private func error(_ kind: StorageError.Kind, _ operation: StorageOperation) -> StorageError {
        StorageError(kind, operation.object, in: location, detail: "scripted fault in \(operation.kind.rawValue)")
    }

    /// The error that follows an operation that took effect.
    private func leave(_ operation: StorageOperation, _ effect: Fault.Effect?) throws(StorageError) {
        switch effect {
        case .failAfterEffect(let kind): throw error(kind, operation)
        case .crashAfter: throw error(.unreachable, operation)
        default: break
        }
    }

    package func list(_ folder: String) throws(StorageError) -> [ObjectEntry] {
        let operation = StorageOperation(.list, folder)
        let effect = try arrive(operation)
        let entries = try base.list(folder)
        try leave(operation, effect)
        return entries
    }

    package func holdsFolder(_ folder: String) throws(StorageError) -> Bool? {
        let operation = StorageOperation(.list, folder)
        let effect = try arrive(operation)
        let isThere = try base.holdsFolder(folder)
        try leave(operation, effect)
        return isThere
    }

    package func size(of name: ObjectName) throws(StorageError) -> UInt64? {
        let operation = StorageOperation(.size, name.text)
        let effect = try arrive(operation)
        let size = try base.size(of: name)
        try leave(operation, effect)
        return size
    }

    package func read(_ name: ObjectName, from offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        let operation = StorageOperation(.read, name.text, bytes: buffer.count)
        let effect = try arrive(operation)
        try base.read(name, from: offset, into: buffer)
        if case .flipBit(let place) = effect, buffer.indices.contains(place) { buffer[place] ^= 1 }
        try leave(operation, effect)
    }

    package func write(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        let operation = StorageOperation(.write, name.text, bytes: parts.reduce(0) { $0 + $1.count })
        let effect = try arrive(operation)
        if case .tear(let kept, let kind) = effect {
            try base.write(name, Self.first(kept, of: parts))
            throw error(kind, operation)
        }
        try base.write(name, parts)
        try leave(operation, effect)
    }

    package func replace(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        let operation = StorageOperation(.replace, name.text, bytes: parts.reduce(0) { $0 + $1.count })
        let effect = try arrive(operation)
        if case .tear(let kept, let kind) = effect {
            try base.replace(name, Self.first(kept, of: parts))
            throw error(kind, operation)
        }
        try base.replace(name, parts)
        try leave(operation, effect)
    }

    package func remove(_ name: ObjectName) throws(StorageError) {
        let operation = StorageOperation(.remove, name.text)
        let effect = try arrive(operation)
        try base.remove(name)
        try leave(operation, effect)
    }

    package func space() throws(StorageError) -> StorageSpace? {
        let operation = StorageOperation(.space, "")
        let effect = try arrive(operation)
        let space = try base.space()
        try leave(operation, effect)
        return space
    }

    private static func first(_ count: Int, of parts: [UnsafeRawBufferPointer]) -> [UnsafeRawBufferPointer] {
        var rest = max(count, 0)
        return parts.map { part in
            let kept = min(rest, part.count)
            rest -= kept
            return UnsafeRawBufferPointer(rebasing: part[..<kept])
        }
    }
}
