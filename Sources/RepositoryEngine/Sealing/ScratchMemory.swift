/// A raw buffer that grows and is used again and again by one thread. Contents are not kept when it grows.
final class ScratchMemory {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit { memory.deallocate() }

    /// The first `count` bytes; valid until the next call.
    func bytes(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if memory.count < count {
            memory.deallocate()
            memory = .allocate(byteCount: max(count, 64 << 10), alignment: 64)
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[0..<count])
    }
}
