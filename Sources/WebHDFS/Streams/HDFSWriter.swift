package import Model

/// How a new file is made.
package struct HDFSFileOptions: Hashable, Sendable {
    package enum Durability: Sendable {
        /// In the memory of as many DataNodes as it has replicas.
        case replicated
        /// On their disks, when the file is finished.
        case synced
    }

    package var replacing: Replacing
    /// Whatever the umask; nil: what the cluster has as its default.
    package var permission: UInt32?
    /// nil: of the client's options.
    package var replication: Int?
    /// Bytes; nil: of the client's options.
    package var blockSize: UInt64?
    package var durability: Durability

    package init(
        replacing: Replacing = .never, permission: UInt32? = nil, replication: Int? = nil, blockSize: UInt64? = nil,
        durability: Durability = .replicated
    ) {
        self.replacing = replacing
        self.permission = permission
        self.replication = replication
        self.blockSize = blockSize
        self.durability = durability
    }
}

extension HDFSClient {
    /// Begins a file in its place; directories above it are made. `size` is that of the whole file, when it is known.
    ///
    /// What ends before ``HDFSWriter/finish()`` leaves a part that looks like a whole file: ``publish(_:_:size:_:)`` does not.
    package func create(_ path: HDFSPath, _ options: HDFSFileOptions = HDFSFileOptions(), size: UInt64? = nil) -> HDFSWriter {
        HDFSWriter(self, path, options, size: size, DataNodeChoice(self))
    }
}

/// The bytes of a new file, front to back, for one thread at a time.
package final class HDFSWriter {
    static let operation = Operation.set("CREATE", "write")

    private let client: HDFSClient
    package let path: HDFSPath
    private let call: Call
    private let size: UInt64?
    /// Bytes that were taken.
    package private(set) var written: UInt64 = 0
    private(set) var choice: DataNodeChoice
    private var stream: Stream?
    /// Nothing can be written after it.
    private var problem: HDFSError?

    private struct Stream {
        let upload: Upload
        let place: DataNodePlace
    }

    init(_ client: HDFSClient, _ path: HDFSPath, _ options: HDFSFileOptions, size: UInt64?, _ choice: DataNodeChoice) {
        self.client = client
        self.path = path
        self.size = size
        self.choice = choice
        call = Call(Self.operation, path).with("overwrite", options.replacing == .always ? "true" : "false")
            .with("permission", options.permission.map { String($0, radix: 8) })
            .with("replication", (options.replication ?? client.options.replication).map { String($0) })
            .with("blocksize", (options.blockSize ?? client.options.blockSize).map { String($0) })
            .with("createflag", options.durability == .synced ? "CREATE,SYNC_BLOCK" : nil)
    }

    deinit { abort() }

    /// Returns when the bytes are on their way; waits when the DataNode is slower than the caller.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(HDFSError) {
        guard !bytes.isEmpty else { return }
        try failing { () throws(HDFSError) in
            let stream = try usableStream()
            let isTaken = try client.asking(stream.place.server, call) { () throws(ExchangeError) in try stream.upload.write(bytes) }
            // An answer before the end is a refusal.
            if !isTaken { throw try refusal(of: stream) }
        }
        written += UInt64(bytes.count)
    }

    /// The file is whole, closed, and has as many bytes as were written.
    @discardableResult
    package func finish() throws(HDFSError) -> HDFSFileStatus {
        try failing { () throws(HDFSError) in
            let stream = try usableStream()
            let answer = try client.asking(stream.place.server, call) { () throws(ExchangeError) in try stream.upload.answer() }
            guard answer.status == 201 else { throw client.error(answer, call, stream.place.server) }
        }
        stream = nil
        let status = try client.status(of: path)
        guard let status, status.length == written else {
            let found = status.map { "it has \($0.length) bytes" } ?? "it is not there"
            throw HDFSError(.truncated, Self.operation.words, path, detail: "\(written) bytes were written, and \(found)")
        }
        return status
    }

    /// Breaks off. What was written so far may stay, as a file of that length.
    package func abort() {
        stream?.upload.cancel()
        stream = nil
    }

    /// The DataNode that receives now.
    var server: String? { stream?.place.server }

    /// The DataNode that the file was being sent to failed; another may take it.
    var hasLostDataNode: Bool { problem?.mayBeOfDataNode ?? false }

    /// After a loss: the choice without the DataNode that was lost. Throws when there were enough of them.
    func nextChoice() throws(HDFSError) -> DataNodeChoice {
        guard let problem, let lost else { return choice }
        var next = choice
        try next.failed(lost, problem)
        return next
    }

    private var lost: DataNodePlace?

    private func failing<Value>(_ body: () throws(HDFSError) -> Value) throws(HDFSError) -> Value {
        if let problem { throw problem }
        do throws(HDFSError) { return try body() } catch {
            problem = error
            lost = stream?.place
            abort()
            throw error
        }
    }

    private func refusal(of stream: Stream) throws(HDFSError) -> HDFSError {
        let answer = try client.asking(stream.place.server, call) { () throws(ExchangeError) in try stream.upload.answer() }
        return client.error(answer, call, stream.place.server)
    }

    /// Connects with the first bytes, passing over DataNodes that cannot be reached.
    private func usableStream() throws(HDFSError) -> Stream {
        if let stream { return stream }
        while true {
            let place = try choice.next(for: call)
            do throws(HDFSError) {
                let upload = try client.asking(place.server, call) { () throws(ExchangeError) in
                    let upload = try client.web.upload(.put, place.url, length: size)
                    try upload.waitForConnection()
                    return upload
                }
                let stream = Stream(upload: upload, place: place)
                self.stream = stream
                return stream
            } catch {
                guard error.kind == .unreachable else { throw error }
                try choice.failed(place, error)
            }
        }
    }
}
