import Glibc

extension UnsafeMutableRawBufferPointer {
    /// Memory of many MiB that is filled from start to end and soon freed: in huge pages where the system gives them, because thousands of
    /// page faults would cost more than the writing does (madvise(2), MADV_HUGEPAGE). Freed with `deallocate()`.
    package static func allocateLarge(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        let hugePage = 2 << 20
        let memory = allocate(byteCount: byteCount, alignment: hugePage)
        // Where there are none the memory is as good as any.
        _ = madvise(memory.baseAddress, byteCount, MADV_HUGEPAGE)
        return memory
    }
}
