import Glibc
import HostIO
import Synchronization

/// A directory that is mounted through sshfs from an SFTP server of its own, which can die. Needs root and /dev/fuse.
///
/// The two speak through named pipes, as they would through an ssh connection; when the server is gone, sshfs ends and what was mounted is
/// an empty directory.
package final class SFTPMount: Sendable {
    /// Where it is mounted.
    package let path: String
    /// What is behind it.
    package let backing: String
    private let directory: TemporaryDirectory
    private let threads = Mutex<[WorkerThread]>([])

    private static let server = "/usr/lib/openssh/sftp-server"

    /// Whether tests may do this; says why not.
    package static func isPossible(_ reason: String) -> Bool {
        guard canMount(reason), isInstalled("sshfs", package: "sshfs"), isInstalled(server, package: "openssh-sftp-server") else {
            return false
        }
        if (try? statusOfPath("/dev/fuse")) != nil { return true }
        print("skipped, since there is no /dev/fuse: \(reason)")
        return false
    }

    package init() throws {
        directory = try TemporaryDirectory()
        path = try directory.folder("mount")
        backing = try directory.folder("behind")
        for pipe in ["up", "down"] {
            guard mkfifo(directory.file(pipe), 0o600) == 0 else { throw SystemError(errno, "make the pipe", directory.file(pipe)) }
        }
        try connect()
    }

    package var isMounted: Bool {
        guard let own = try? statusOfPath(path), let above = try? statusOfPath(directory.path) else { return false }
        return own.device != above.device
    }

    /// Starts server and sshfs; returns when it is mounted.
    package func connect() throws {
        let (server, path, backing) = (Self.server, path, backing)
        try start("echo $$ >server.pid; exec \(server) <up >down")
        try start("exec sshfs -f -o passive ':\(backing)' '\(path)' >up <down")
        while !isMounted { sched_yield() }
    }

    private func start(_ command: String) throws {
        let request = ChildProcess(["/bin/sh", "-c", command], workingDirectory: directory.path)
        let thread = try WorkerThread(named: "sftp") { _ = try request.run() }
        threads.withLock { $0.append(thread) }
    }

    /// SIGKILL for the server; returns when nothing is mounted any more.
    package func die() throws {
        let text = String(decoding: try AtomicFile.read(directory.file("server.pid")), as: UTF8.self)
        guard let process = pid_t(text.filter(\.isNumber)), kill(process, SIGKILL) == 0 else { throw SystemError(errno, "kill", text) }
        while isMounted { sched_yield() }
        for thread in threads.withLock({ threads in
            defer { threads = [] }
            return threads
        }) { try thread.join() }
    }

    deinit {
        if isMounted { try? die() }
        _ = try? ChildProcess(["umount", "-l", path]).run()
    }
}
