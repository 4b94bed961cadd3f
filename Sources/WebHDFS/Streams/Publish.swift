import HostIO
package import Model

extension HDFSClient {
    /// Makes a file that is there whole or not at all: it is written under a temporary name in its directory, its length is checked, and
    /// it is renamed into its place. With `replacing: .never`, whatever is in the place stays and is an error (``HDFSError/Kind/exists``).
    ///
    /// `body` gives the bytes; it is run again from the start when a DataNode is lost on the way, or when the end of safe mode is waited
    /// for. Directories above are made.
    @discardableResult
    package func publish(
        _ path: HDFSPath, _ options: HDFSFileOptions = HDFSFileOptions(), size: UInt64? = nil, _ body: (HDFSWriter) throws -> Void
    ) throws -> HDFSFileStatus {
        var options = options
        let replacing = options.replacing
        options.replacing = .never
        var choice = DataNodeChoice(self)
        var waiting = waiting()
        while true {
            let writer = HDFSWriter(self, temporary(for: path), options, size: size, choice)
            do {
                try body(writer)
                let status = try writer.finish()
                try put(writer.path, status, into: path, replacing)
                return status
            } catch {
                writer.abort()
                _ = try? remove(writer.path)
                // The NameNode names a DataNode in safe mode too; it is the DataNode that is then refused.
                if let error = error as? HDFSError, error.kind == .safeMode, try waiting.pause(after: .safeMode, for: error) { continue }
                guard writer.hasLostDataNode else { throw Self.about(path, writer.path, error) }
                do { choice = try writer.nextChoice() } catch { throw Self.about(path, writer.path, error) }
            }
        }
    }

    /// The same of bytes in memory.
    @discardableResult
    package func publish(
        _ path: HDFSPath, _ options: HDFSFileOptions = HDFSFileOptions(), parts: [UnsafeRawBufferPointer]
    ) throws(HDFSError) -> HDFSFileStatus {
        let size = parts.reduce(0) { $0 + UInt64($1.count) }
        do {
            return try publish(path, options, size: size) { writer in for part in parts { try writer.write(part) } }
        } catch {
            throw error as? HDFSError ?? HDFSError(.other, HDFSWriter.operation.words, path, detail: "\(error)")
        }
    }

    /// A name that no other writer uses, and that whoever reads the directory for its data leaves out because of the dot.
    private func temporary(for path: HDFSPath) -> HDFSPath {
        var random = [UInt8](repeating: 0, count: 12)
        random.withUnsafeMutableBytes { SystemRandom().fill($0) }
        let name = HDFSTemporary.prefix + Array(Hexadecimal.text(random).utf8)
        return path.parent.appending(name) ?? path
    }

    /// The answer to a rename may be lost, and a second try then finds nothing to rename: the inode's number tells whether it was done.
    private func put(
        _ temporary: HDFSPath, _ status: HDFSFileStatus, into path: HDFSPath, _ replacing: Replacing
    ) throws(HDFSError) {
        var attempts = 0
        while true {
            do throws(HDFSError) { return try rename(temporary, to: path, replacing: replacing) } catch {
                attempts += 1
                guard error.kind == .uncertain || (attempts > 1 && error.kind == .notFound) else { throw error }
                if try self.status(of: path)?.fileID == status.fileID { return }
                guard error.kind == .uncertain, attempts < 4 else { throw error }
            }
        }
    }

    /// An error about the temporary file, told of the one that was meant.
    private static func about(_ path: HDFSPath, _ temporary: HDFSPath, _ error: any Error) -> any Error {
        guard let error = error as? HDFSError, error.path == temporary else { return error }
        return HDFSError(
            error.kind, HDFSWriter.operation.words, path, server: error.server, status: error.status, exception: error.exception,
            detail: error.detail)
    }
}

/// Files under which others are written.
package enum HDFSTemporary {
    static let prefix = Array(".holdfast-tmp-".utf8)

    /// Whether a name in a directory is that of one.
    package static func isName(_ name: [UInt8]) -> Bool { name.count > prefix.count && name.starts(with: prefix) }
}
