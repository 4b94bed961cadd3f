import Glibc
import Model

/// A file without a name that is filled in order and then looked at as memory: for what is too large to be kept in memory until it is sent.
/// Used by one thread at a time.
package final class SpoolFile {
    private let file: Descriptor
    private let buffer: UnsafeMutableRawBufferPointer
    private var buffered = 0
    private var map: UnsafeRawBufferPointer?
    /// Bytes.
    package private(set) var count = 0

    private static let bufferSize = 1 << 20

    /// `folder` must be there. The file is gone with the last reference, and when the process ends.
    package init(in folder: String) throws(SystemError) {
        let directory = try Descriptor.openDirectory(folder)
        let name = Array("spool-\(randomName())".utf8)
        file = try directory.open(name, [.readWrite, .createNew], mode: 0o600)
        try directory.remove(name)
        buffer = .allocate(byteCount: Self.bufferSize, alignment: 4096)
    }

    deinit {
        unmap()
        buffer.deallocate()
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        unmap()
        var rest = bytes
        while !rest.isEmpty {
            let part = min(rest.count, buffer.count - buffered)
            UnsafeMutableRawBufferPointer(rebasing: buffer[buffered..<(buffered + part)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<part]))
            buffered += part
            count += part
            rest = UnsafeRawBufferPointer(rebasing: rest[part...])
            if buffered == buffer.count { try flush() }
        }
    }

    private func flush() throws(SystemError) {
        guard buffered > 0 else { return }
        try file.write(UnsafeRawBufferPointer(rebasing: buffer[..<buffered]))
        buffered = 0
    }

    /// All that was appended; valid until the next ``append(_:)`` and while this lives.
    package func content() throws(SystemError) -> UnsafeRawBufferPointer {
        if let map { return map }
        guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        try flush()
        guard let memory = mmap(nil, count, PROT_READ, MAP_SHARED, file.raw, 0), memory != MAP_FAILED else {
            throw SystemError(Glibc.errno, "map", file.path)
        }
        _ = madvise(memory, count, MADV_SEQUENTIAL)
        let map = UnsafeRawBufferPointer(start: memory, count: count)
        self.map = map
        return map
    }

    private func unmap() {
        if let map, let start = map.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), map.count) }
        map = nil
    }
}
