import CHost
import Glibc

/// A stream socket of this machine (unix(7)). Its name lies in a directory, whose own path may have any length.
///
/// One thread at a time reads and one writes; any thread may shut it down.
package final class LocalSocket: Sendable {
    private let descriptor: Descriptor

    fileprivate init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Connects to the one that listens as `name` in `folder`.
    package convenience init(_ name: String, in folder: String) throws(SystemError) {
        let made = try LocalAddress.makeSocket(folder)
        let raw = made.raw
        try LocalAddress(name, in: folder).use { address, length throws(SystemError) in
            try checked("connect to", Path.join(folder, name)) { connect(raw, address, length) }
        }
        self.init(made)
    }

    /// Waits until something is there, and gives its number of bytes; 0 when the other side has ended.
    package func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try checked("read", descriptor.path) { recv(descriptor.raw, buffer.baseAddress, buffer.count, 0) }
    }

    /// All of them. Throws EPIPE when the other side has ended.
    package func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = try checked("write", descriptor.path) {
                Glibc.send(descriptor.raw, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Both sides see the end.
    package func shutDown() { _ = shutdown(descriptor.raw, Int32(SHUT_RDWR)) }

    /// Waits until at least one of the two has something to read, or has ended.
    package static func wait(_ first: LocalSocket, _ second: LocalSocket) throws(SystemError) -> (first: Bool, second: Bool) {
        var watched = [first, second].map { pollfd(fd: $0.descriptor.raw, events: Int16(POLLIN), revents: 0) }
        try checked("wait for", first.descriptor.path) { poll(&watched, 2, -1) }
        return (watched[0].revents != 0, watched[1].revents != 0)
    }
}

/// Where others connect to.
package final class LocalListener: Sendable {
    private let descriptor: Descriptor

    /// Listens as `name` in `folder`, where nothing has that name.
    package init(_ name: String, in folder: String) throws(SystemError) {
        let made = try LocalAddress.makeSocket(folder)
        let raw = made.raw
        let place = Path.join(folder, name)
        try LocalAddress(name, in: folder).use { address, length throws(SystemError) in
            try checked("listen at", place) { bind(raw, address, length) }
        }
        try checked("listen at", place) { listen(raw, SOMAXCONN) }
        descriptor = made
    }

    /// Waits for the next one; nil after ``close()``. On an error nobody can connect any more.
    package func accept() throws(SystemError) -> LocalSocket? {
        do {
            let raw = try checked("accept at", descriptor.path) { holdfast_accept(descriptor.raw) }
            return LocalSocket(Descriptor(owning: raw, path: descriptor.path))
        } catch {
            if error.errno == EINVAL { return nil }
            close()
            throw error
        }
    }

    /// Whoever waits in ``accept()`` gets nil. The name stays.
    package func close() { _ = shutdown(descriptor.raw, Int32(SHUT_RDWR)) }
}

/// The name of a socket, reached through its open directory.
private struct LocalAddress: ~Copyable {
    private let folder: Descriptor
    private let path: [UInt8]

    init(_ name: String, in folder: String) throws(SystemError) {
        let opened = try Descriptor.openDirectory(folder)
        let path = Array("/proc/self/fd/\(opened.raw)/\(name)".utf8)
        guard path.count < 108 else { throw SystemError(ENAMETOOLONG, "reach", Path.join(folder, name)) }
        self.folder = opened
        self.path = path
    }

    static func makeSocket(_ path: String) throws(SystemError) -> Descriptor {
        let raw = try checked("make a socket in", path) { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0) }
        return Descriptor(owning: raw, path: path)
    }

    borrowing func use(_ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Void) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let outcome = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> Result<Void, SystemError> in
                do throws(SystemError) { return .success(try body(pointer, length)) } catch { return .failure(error) }
            }
        }
        try outcome.get()
    }
}
