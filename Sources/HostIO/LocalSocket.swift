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

    /// A socket that listens at `path`, which takes the place of one that was there, and that only its owner can connect to: it is made in a directory that
    /// nobody else can enter, and gets its place when it has its mode. It belongs to the owner of the directory (``Descriptor/takeOwner(of:)``). EEXIST when
    /// something else than a socket is there.
    package static func makePrivate(at path: String) throws(SystemError) -> Descriptor {
        let (parent, name) = (Path.parent(path), Array(Path.lastComponent(path).utf8))
        let folder = try Descriptor.openDirectory(parent)
        if let there = try folder.statusIfPresent(of: name), there.kind != .socket { throw SystemError(EEXIST, "listen at", path) }
        let making = Array(".".utf8) + name + Array(".new".utf8)
        try removeTree(making, in: folder)
        try folder.makeDirectory(making, mode: 0o700)
        do {
            let inner = try folder.openDirectory(making)
            let made = try LocalAddress.makeSocket(path)
            let raw = made.raw
            try LocalAddress("socket", in: inner).use { address, length throws(SystemError) in
                try checked("listen at", path) { bind(raw, address, length) }
            }
            let socket = Array("socket".utf8)
            try inner.setMode(of: socket, 0o600)
            let owner = try folder.status()
            if geteuid() == 0, owner.uid != 0 { try inner.setOwner(of: socket, uid: owner.uid, gid: owner.gid) }
            try checked("listen at", path) { listen(raw, SOMAXCONN) }
            try inner.rename(socket, to: name, in: folder)
            try folder.removeDirectory(making)
            return made
        } catch {
            try? removeTree(making, in: folder)
            throw error
        }
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
        try self.init(name, in: Descriptor.openDirectory(folder))
    }

    init(_ name: String, in folder: borrowing Descriptor) throws(SystemError) {
        let opened = try folder.duplicate()
        let path = Array("/proc/self/fd/\(opened.raw)/\(name)".utf8)
        guard path.count < 108 else { throw SystemError(ENAMETOOLONG, "reach", Path.join(folder.path, name)) }
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
