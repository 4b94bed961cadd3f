import Glibc

extension Descriptor {
    /// Opens the regular file `name` of this directory for reading. Anything else is refused before it is opened, because opening a FIFO waits for a writer
    /// and opening a device may do something: ELOOP for a symbolic link, EISDIR for a directory, EMLINK for a FIFO, socket or device.
    package borrowing func openPlainFile(_ name: [UInt8]) throws(SystemError) -> Descriptor {
        try Self.checkPlain(status(of: name), FileName.join(path, name))
        let file = try openWithoutWaiting(name)
        try Self.checkPlain(file.status(), file.path)
        return file
    }

    /// Opens the directory `name` of this directory: ENOENT when it is not there, ELOOP when it is a symbolic link, ENOTDIR when it is something else.
    package borrowing func openPlainDirectory(_ name: [UInt8]) throws(SystemError) -> Descriptor {
        do throws(SystemError) { return try openDirectory(name) } catch {
            // The kernel says ENOTDIR of a link, too.
            guard error.errno == ENOTDIR, try statusIfPresent(of: name)?.kind == .symlink else { throw error }
            throw SystemError(ELOOP, "open", FileName.join(path, name))
        }
    }

    /// What was put in the file's place since it was looked at must not keep anybody waiting. A lease of a file server on a plain file (EAGAIN) is waited for.
    private borrowing func openWithoutWaiting(_ name: [UInt8]) throws(SystemError) -> Descriptor {
        for _ in 0..<250 {
            do throws(SystemError) { return try open(name, [.read, .nonBlocking]) } catch {
                guard error.errno == EAGAIN else { throw error }
                sleepThread(for: .milliseconds(20))
            }
        }
        return try open(name, [.read, .nonBlocking])
    }

    private static func checkPlain(_ status: FileStatus, _ path: String) throws(SystemError) {
        switch status.kind {
        case .file: return
        case .symlink: throw SystemError(ELOOP, "open", path)
        case .directory: throw SystemError(EISDIR, "open", path)
        default: throw SystemError(EMLINK, "open", path)
        }
    }
}
