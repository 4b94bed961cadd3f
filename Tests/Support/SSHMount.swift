import Glibc
import HostIO
import Synchronization

/// A directory that is mounted through sshfs from an sshd of its own on the loopback interface, which can die or stop answering. Needs root and
/// /dev/fuse.
package final class SSHMount: Sendable {
    /// Where it is mounted.
    package let path: String
    /// What is behind it.
    package let backing: String
    private let directory: TemporaryDirectory
    private let running = Mutex(Running())

    private struct Running {
        var threads: [WorkerThread] = []
        var stopped: [pid_t] = []
    }

    private static let server = "/usr/sbin/sshd"

    /// Whether tests may do this; says why not.
    package static func isPossible(_ reason: String) -> Bool {
        guard SFTPMount.isPossible(reason), isInstalled(server, package: "openssh-server") else { return false }
        return isInstalled("ssh-keygen", package: "openssh-client")
    }

    package init() throws {
        directory = try TemporaryDirectory()
        path = try directory.folder("mount")
        backing = try directory.folder("behind")
        // sshd wants it for what it does without privileges.
        try makeDirectories("/run/sshd")
        for key in ["host", "user"] { try run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory.file(key)]) }
        try connect()
    }

    private func run(_ arguments: [String]) throws {
        let outcome = try ChildProcess(arguments).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: arguments, outcome: outcome) }
    }

    package var isMounted: Bool {
        guard let own = try? statusOfPath(path), let above = try? statusOfPath(directory.path) else { return false }
        return own.device != above.device
    }

    /// Starts server and sshfs; returns when it is mounted.
    package func connect() throws {
        let port = try freePort()
        let settings = """
            Port \(port)
            ListenAddress 127.0.0.1
            HostKey \(directory.file("host"))
            AuthorizedKeysFile \(directory.file("user.pub"))
            PidFile \(directory.file("server.pid"))
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin prohibit-password
            Subsystem sftp internal-sftp

            """
        try AtomicFile.write(Array(settings.utf8), to: directory.file("settings"))
        try? removeTree(directory.file("server.pid"))
        try start([Self.server, "-D", "-e", "-f", directory.file("settings")])
        while try statusOfPath(directory.file("server.pid")) == nil { sched_yield() }
        let options = "IdentityFile=\(directory.file("user")),StrictHostKeyChecking=no,UserKnownHostsFile=/dev/null"
        try start(["sshfs", "-f", "-p", "\(port)", "-o", options, "root@127.0.0.1:\(backing)", path])
        while !isMounted { sched_yield() }
    }

    private func start(_ arguments: [String]) throws {
        let request = ChildProcess(arguments)
        let thread = try WorkerThread(named: "ssh") { _ = try request.run() }
        running.withLock { $0.threads.append(thread) }
    }

    /// The server and what it has started for the connection.
    private func serverProcesses() throws -> [pid_t] {
        let text = String(decoding: try AtomicFile.read(directory.file("server.pid")), as: UTF8.self)
        guard let server = pid_t(text.filter(\.isNumber)) else { return [] }
        let all = try Descriptor.openDirectory("/proc").entries().compactMap { pid_t(FileName.text($0.name)) }
        let parents = Dictionary(all.compactMap { id in parent(of: id).map { (id, $0) } }) { first, _ in first }
        var family = [server]
        while case let next = parents.filter({ family.contains($0.value) && !family.contains($0.key) }).keys, !next.isEmpty {
            family += next
        }
        return family
    }

    private func parent(of process: pid_t) -> pid_t? {
        guard let status = try? AtomicFile.read("/proc/\(process)/stat") else { return nil }
        // After the name, which may hold anything: state and parent.
        let rest = String(decoding: status, as: UTF8.self).split(separator: ")").last ?? ""
        return rest.split(separator: " ").dropFirst().first.flatMap { pid_t($0) }
    }

    /// The server answers nothing any more, and nothing is closed.
    package func freeze() throws {
        let processes = try serverProcesses()
        for process in processes { kill(process, SIGSTOP) }
        running.withLock { $0.stopped = processes }
    }

    package func thaw() {
        for process in running.withLock({ $0.stopped }) { kill(process, SIGCONT) }
        running.withLock { $0.stopped = [] }
    }

    /// SIGKILL for the server and its connection; returns when nothing is mounted any more.
    package func die() throws {
        for process in try serverProcesses() { kill(process, SIGKILL) }
        while isMounted { sched_yield() }
        for thread in running.withLock({ running in
            defer { running = Running() }
            return running.threads
        }) { try thread.join() }
    }

    private func freePort() throws -> UInt16 {
        let handle = Descriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0), path: "socket")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let raw = handle.raw
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(raw, $0, length) == 0 && getsockname(raw, $0, &length) == 0 }
        }
        guard isBound else { throw SystemError(errno, "bind", "a socket") }
        return UInt16(bigEndian: address.sin_port)
    }

    deinit {
        if isMounted { try? die() }
        _ = try? ChildProcess(["umount", "-l", path]).run()
    }
}
