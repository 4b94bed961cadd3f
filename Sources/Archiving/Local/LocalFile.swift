import Glibc
import HostIO
import Model
import ResticFormat

/// An open regular file. Holes are found by SEEK_DATA and SEEK_HOLE, when the file has fewer blocks than its size needs.
final class LocalFile: SourceFile {
    private let descriptor: Descriptor
    private let name: [UInt8]
    private let folder: LocalSourceDirectory
    private let size: UInt64
    private let mayHaveHoles: Bool
    // One thread at a time uses a file (``SourceFile``).
    nonisolated(unsafe) private var dataEnd: UInt64 = 0
    nonisolated(unsafe) private var position: Int64 = 0
    /// The metadata at opening, for the first who asks.
    nonisolated(unsafe) private var opened: Node?

    let isSettled: Bool

    init(_ descriptor: consuming Descriptor, name: [UInt8], in folder: LocalSourceDirectory) throws {
        let look = folder.source.options.identity.look()
        var status = stat()
        guard fstat(descriptor.raw, &status) == 0 else {
            throw EntryError.of(SystemError(errno, "examine", descriptor.path))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw EntryError(.vanished, path: descriptor.path, detail: "something else has taken the place of the file")
        }
        size = UInt64(max(0, status.st_size))
        mayHaveHoles = Int64(status.st_blocks).multipliedReportingOverflow(by: 512).partialValue < Int64(status.st_size)
        opened = folder.node(name, status)
        isSettled = look.map { FileIdentity.isSettled(Timestamp(status.st_ctim), at: $0) && folder.keepsTimeOfChange(status) } ?? true
        self.descriptor = descriptor
        self.name = name
        self.folder = folder
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try folder.source.concerningEntry { () throws(SystemError) in
            // Up to the size that it had when it was opened the end needs no second call; what has come since changes the metadata.
            let rest = Int64(clamping: size) - position
            let wanted = rest > 0 && rest < Int64(buffer.count) ? UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(rest)]) : buffer
            let count = try descriptor.read(into: wanted, at: position)
            position += Int64(count)
            return count
        }
    }

    func metadata() throws -> Node {
        if let node = opened.take() { return node }
        let status = try folder.source.concerningEntry { () throws(SystemError) in
            var status = stat()
            guard fstat(descriptor.raw, &status) == 0 else { throw SystemError(errno, "examine", descriptor.path) }
            return status
        }
        return folder.node(name, status)
    }

    func zeroRun(at offset: UInt64) throws -> UInt64 {
        guard mayHaveHoles, offset >= dataEnd, offset < size, let start = Int64(exactly: offset) else { return 0 }
        return try folder.source.concerningEntry { () throws(SystemError) in
            do throws(SystemError) {
                guard let data = try descriptor.nextData(from: start) else { return size - offset }
                if data > start { return UInt64(data) - offset }
                dataEnd = UInt64(max(0, try descriptor.nextHole(from: start) ?? Int64(clamping: size)))
                return 0
            } catch {
                guard error.isUnsupported else { throw error }
                dataEnd = .max
                return 0
            }
        }
    }

    func seek(to offset: UInt64) throws { position = Int64(clamping: offset) }

    var localDescriptor: Int32? { descriptor.raw }
}
