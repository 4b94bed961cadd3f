import HostIO
import Model
import TestSupport
import Testing
import WebHDFS

extension HDFSServer {
    func address(_ path: HDFSPath = .root) -> HDFSAddress {
        HDFSAddress(nameNodes: [HDFSAddress.NameNode(host: host, port: UInt16(port))], path: path)
    }

    /// As the superuser unless said otherwise.
    func client(_ options: HDFSOptions? = nil, user: String? = nil, clock: any WallClock = SystemClock()) throws -> HDFSClient {
        var options = options ?? HDFSOptions(user: Host.current().user)
        if let user { options.identity = .user(user) }
        return try HDFSClient(address(), options, clock: clock)
    }
}

/// A directory of its own in the shared file system, and a client as the superuser.
struct Place {
    let server: HDFSServer
    let client: HDFSClient
    let path: HDFSPath

    init(_ server: HDFSServer? = nil) throws {
        let server = try server ?? HDFSServer.shared
        self.server = server
        client = try server.client()
        path = try #require(HDFSPath(server.folder()))
        try client.makeDirectories(path)
    }

    func at(_ relative: String) throws -> HDFSPath { try #require(path.appending(relative: relative)) }

    @discardableResult
    func put(_ relative: String, _ bytes: [UInt8], _ options: HDFSFileOptions = HDFSFileOptions()) throws -> HDFSFileStatus {
        try client.publish(at(relative), options, bytes: bytes)
    }

    func bytes(_ relative: String) throws -> [UInt8] { try client.bytes(of: at(relative)) }
}

extension HDFSClient {
    @discardableResult
    func publish(_ path: HDFSPath, _ options: HDFSFileOptions = HDFSFileOptions(), bytes: [UInt8]) throws -> HDFSFileStatus {
        try bytes.withUnsafeBytes { try publish(path, options, parts: [$0]) }
    }

    /// All of a file, through the reader.
    func bytes(of path: HDFSPath, offset: UInt64 = 0, length: UInt64? = nil) throws -> [UInt8] {
        let reader = try open(path, offset: offset, length: length)
        var bytes: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100_000, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try reader.read(into: buffer)
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}

/// The error that `body` throws, of this kind.
@discardableResult
func expect<Result>(
    _ kind: HDFSError.Kind, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) -> HDFSError? {
    let error = #expect(throws: HDFSError.self, sourceLocation: sourceLocation) { _ = try body() }
    #expect(error?.kind == kind, "\(error.map { "\($0)" } ?? "")", sourceLocation: sourceLocation)
    if let failure = error?.failure {
        #expect(failure.hint?.isEmpty == false && !failure.summary.contains("\n"), "\(failure)", sourceLocation: sourceLocation)
    }
    return error
}
