package import Model
import NIOCore
import NIOHTTP1

extension HDFSClient {
    /// A stream of `length` bytes from `offset` on; without a length, up to the end that the file has now. With a length, nothing is
    /// asked before the first read.
    package func open(_ path: HDFSPath, offset: UInt64 = 0, length: UInt64? = nil) throws(HDFSError) -> HDFSReader {
        guard let length else {
            guard let status = try status(of: path) else { throw HDFSError(.notFound, HDFSReader.operation.words, path) }
            guard status.kind == .file else {
                throw HDFSError(.invalid, HDFSReader.operation.words, path, detail: "it is a directory")
            }
            guard offset <= status.length else {
                throw HDFSError(.truncated, HDFSReader.operation.words, path, detail: "it has \(status.length) bytes")
            }
            return HDFSReader(self, path, from: offset, to: status.length)
        }
        let end = offset.addingReportingOverflow(length)
        guard !end.overflow, end.partialValue <= UInt64(Int64.max) else { throw HDFSError(.truncated, HDFSReader.operation.words, path) }
        return HDFSReader(self, path, from: offset, to: end.partialValue)
    }
}

/// The bytes of a file, front to back, for one thread at a time. When a DataNode dies or stalls, another goes on where it stood.
package final class HDFSReader {
    static let operation = Operation.get("OPEN", "read")

    private let client: HDFSClient
    package let path: HDFSPath
    /// Of the next byte in the file.
    package private(set) var position: UInt64
    private let end: UInt64
    private var choice: DataNodeChoice
    private var stream: Stream?
    /// Taken from the stream and not yet given, the next one last.
    private var pieces: [ByteBuffer] = []

    private struct Stream {
        let download: Download
        let place: DataNodePlace
    }

    init(_ client: HDFSClient, _ path: HDFSPath, from position: UInt64, to end: UInt64) {
        self.client = client
        self.path = path
        self.position = position
        self.end = end
        choice = DataNodeChoice(client)
    }

    deinit { close() }

    /// Lets go of the connection. What is read after it is read anew.
    package func close() {
        stream?.download.cancel()
        stream = nil
        pieces = []
    }

    package var remaining: UInt64 { end - position }

    /// The DataNode that sends now.
    var server: String? { stream?.place.server }

    /// At least one byte, as many as have come; 0 at the end, and for an empty buffer. A file that ends before the bytes that were asked
    /// for is an error (``HDFSError/Kind/truncated``).
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(HDFSError) -> Int {
        guard !buffer.isEmpty, position < end else { return 0 }
        if pieces.isEmpty { pieces = try nextPieces() }
        var filled = 0
        while filled < buffer.count, var piece = pieces.popLast() {
            let wanted = min(buffer.count - filled, piece.readableBytes, Int(clamping: remaining))
            piece.readWithUnsafeReadableBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<wanted]))
                return wanted
            }
            filled += wanted
            position += UInt64(wanted)
            if piece.readableBytes > 0 { pieces.append(piece) }
        }
        if position == end { close() }
        return filled
    }

    /// Fills all of the buffer.
    package func readAll(into buffer: UnsafeMutableRawBufferPointer) throws(HDFSError) {
        var filled = 0
        while filled < buffer.count {
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            guard count > 0 else { throw HDFSError(.truncated, Self.operation.words, path, detail: "it ends at \(position)") }
            filled += count
        }
    }

    private func nextPieces() throws(HDFSError) -> [ByteBuffer] {
        let call = Call(Self.operation, path).with("offset", position).with("length", remaining)
        while true {
            let place = try currentPlace(call)
            do throws(HDFSError) {
                let pieces = try pieces(from: place, call)
                choice.progressed()
                return pieces.reversed()
            } catch {
                close()
                guard error.mayBeOfDataNode else { throw error }
                // Nobody will have it, however often it is tried.
                if (try? client.hasLostBlock(path, from: position)) ?? false {
                    throw HDFSError(.noReplica, Self.operation.words, path, detail: "a block from byte \(position) on is lost")
                }
                try choice.failed(place, error)
            }
        }
    }

    private func currentPlace(_ call: Call) throws(HDFSError) -> DataNodePlace {
        if let stream { return stream.place }
        return try choice.next(for: call)
    }

    private func currentDownload(_ place: DataNodePlace, _ call: Call) throws(HDFSError) -> Download {
        if let stream { return stream.download }
        return try start(place, call)
    }

    private func pieces(from place: DataNodePlace, _ call: Call) throws(HDFSError) -> [ByteBuffer] {
        let download = try currentDownload(place, call)
        let pieces = try client.asking(place.server, call) { () throws(ExchangeError) in try download.take() }
        if pieces.isEmpty {
            throw HDFSError(.unreachable, Self.operation.words, path, server: place.server, detail: "it ended at byte \(position)")
        }
        return pieces
    }

    private func start(_ place: DataNodePlace, _ call: Call) throws(HDFSError) -> Download {
        let download = try client.asking(place.server, call) { () throws(ExchangeError) in try client.web.download(place.url) }
        stream = Stream(download: download, place: place)
        let head = try client.asking(place.server, call) { () throws(ExchangeError) in try download.head() }
        guard head.status == .ok else {
            let body = try client.asking(place.server, call) { () throws(ExchangeError) in try download.rest(limit: 1 << 20) }
            throw client.error(WebAnswer(head, body: body), call, place.server)
        }
        if let length = head.headers.first(name: "Content-Length").flatMap(UInt64.init), length < remaining {
            throw HDFSError(.truncated, Self.operation.words, path, server: place.server, detail: "it ends at byte \(position + length)")
        }
        return download
    }
}
