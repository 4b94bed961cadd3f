import Synchronization

/// A piece of a file in memory, shared by the blobs that were cut from it; its memory is used again when the last of them is done.
final class Segment: @unchecked Sendable {
    // One thread fills it from the start; ranges that it has handed out are not written again.
    let memory: UnsafeMutableRawBufferPointer
    private let recycle: @Sendable (UnsafeMutableRawBufferPointer) -> Void

    init(_ memory: UnsafeMutableRawBufferPointer, recycle: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void) {
        self.memory = memory
        self.recycle = recycle
    }

    deinit { recycle(memory) }
}

/// Memory for segments: as many buffers as there are tokens in the pool that guards it.
final class SegmentMemory: @unchecked Sendable {
    // Everything is behind the lock.
    /// Twice the largest blob: what is left over from one segment never fills more than half of the next.
    static let size = 4 << 20
    private let free = Mutex<[UInt]>([])

    deinit {
        for address in free.withLock({ $0 }) { UnsafeMutableRawPointer(bitPattern: address)?.deallocate() }
    }

    func take() -> UnsafeMutableRawBufferPointer {
        if let address = free.withLock({ $0.popLast() }), let start = UnsafeMutableRawPointer(bitPattern: address) {
            return UnsafeMutableRawBufferPointer(start: start, count: Self.size)
        }
        return .allocate(byteCount: Self.size, alignment: 4096)
    }

    func giveBack(_ memory: UnsafeMutableRawBufferPointer) {
        let address = UInt(bitPattern: memory.baseAddress)
        free.withLock { $0.append(address) }
    }
}
