import Synchronization

/// Objects in memory; keeps the whole contract but durability beyond the process.
package final class MemoryStorage: ObjectStorage {
    private struct State {
        var objects: [ObjectName: [UInt8]]
        var used: UInt64
    }

    package let location: String
    /// Bytes; a write beyond it is ``StorageError/Kind/noSpace``.
    package let capacity: UInt64
    private let state: Mutex<State>

    package init(_ objects: [ObjectName: [UInt8]] = [:], capacity: UInt64 = .max, location: String = "memory") {
        self.location = location
        self.capacity = capacity
        state = Mutex(State(objects: objects, used: objects.values.reduce(0) { $0 + UInt64($1.count) }))
    }

    /// All objects as they are now.
    package var objects: [ObjectName: [UInt8]] { state.withLock { $0.objects } }

    /// An independent storage with the same objects.
    package func copy() -> MemoryStorage { MemoryStorage(objects, capacity: capacity, location: location) }

    /// Damages an object behind the back of whoever uses the storage; false when there is none.
    package func damage(_ name: ObjectName, _ body: @Sendable (inout [UInt8]) -> Void) -> Bool {
        state.withLock { state in
            guard var bytes = state.objects[name] else { return false }
            state.used -= UInt64(bytes.count)
            body(&bytes)
            state.used += UInt64(bytes.count)
            state.objects[name] = bytes
            return true
        }
    }

    package func list(_ folder: String) throws(StorageError) -> [ObjectEntry] {
        let prefix = folder + "/"
        return state.withLock { state in
            state.objects.compactMap { name, bytes in
                name.text.hasPrefix(prefix) ? ObjectEntry(name: name, size: UInt64(bytes.count)) : nil
            }
        }
    }

    package func holdsFolder(_ folder: String) throws(StorageError) -> Bool? { nil }

    package func size(of name: ObjectName) throws(StorageError) -> UInt64? {
        state.withLock { $0.objects[name].map { UInt64($0.count) } }
    }

    package func read(_ name: ObjectName, from offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        guard let bytes = state.withLock({ $0.objects[name] }) else { throw StorageError(.notFound, name.text, in: location) }
        guard let start = Int(exactly: offset), start <= bytes.count, buffer.count <= bytes.count - start else {
            throw StorageError(.truncated, name.text, in: location)
        }
        bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<(start + buffer.count)])) }
    }

    package func write(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        try put(name, joined(parts), replacing: false)
    }

    package func replace(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        try put(name, joined(parts), replacing: true)
    }

    private func joined(_ parts: [UnsafeRawBufferPointer]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for part in parts { bytes.append(contentsOf: part) }
        return bytes
    }

    private func put(_ name: ObjectName, _ bytes: [UInt8], replacing: Bool) throws(StorageError) {
        let refusal: StorageError.Kind? = state.withLock { state in
            let old = state.objects[name]
            if old != nil, !replacing { return .exists }
            let used = state.used - UInt64(old?.count ?? 0)
            let size = UInt64(bytes.count)
            guard used <= capacity, size <= capacity - used else { return .noSpace }
            state.objects[name] = bytes
            state.used = used + size
            return nil
        }
        if let refusal { throw StorageError(refusal, name.text, in: location) }
    }

    package func remove(_ name: ObjectName) throws(StorageError) {
        state.withLock { state in
            if let old = state.objects.removeValue(forKey: name) { state.used -= UInt64(old.count) }
        }
    }

    package func space() throws(StorageError) -> StorageSpace? {
        guard capacity != .max else { return nil }
        let used = state.withLock { $0.used }
        return StorageSpace(free: capacity > used ? capacity - used : 0, total: capacity)
    }
}
