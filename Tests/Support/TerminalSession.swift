import Glibc
import HostIO

/// A program that runs on a pseudo-terminal of its own (pty(7)), which is its controlling terminal: what is typed is echoed, and the keys
/// that send signals and end the input do so.
package final class TerminalSession: Sendable {
    private let master: SharedDescriptor
    private let process: pid_t

    /// ^C and ^D, as a keyboard sends them.
    package static let interrupt = "\u{3}"
    package static let endOfInput = "\u{4}"

    /// TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)), and POSIX_SPAWN_SETSID (posix_spawn(3)), which Swift does not see.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430
    private static let ownSession: Int32 = 0x80

    /// `TERM` is `xterm`, 80 columns.
    package init(_ arguments: [String]) throws {
        let raw = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (lock, number): (Int32, Int32) = (0, 0)
        guard raw >= 0, ioctl(raw, Self.setLock, &lock) == 0, ioctl(raw, Self.getNumber, &number) == 0 else {
            throw SystemError(errno, "open", "/dev/ptmx")
        }
        let place = "/dev/pts/\(number)"
        master = SharedDescriptor(Descriptor(owning: raw, path: place))
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(raw, UInt(TIOCSWINSZ), &size)
        process = try Self.start(arguments, on: place)
    }

    /// In a session of its own, whose first terminal is the one that is opened there.
    private static func start(_ arguments: [String], on terminal: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(ownSession | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var environment = ChildProcess.minimalEnvironment
        environment["TERM"] = "xterm"
        let words = arguments.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let status = posix_spawnp(&process, arguments[0], &actions, &attributes, words, variables)
        guard status == 0 else { throw SystemError(status, "run", arguments[0]) }
        return process
    }

    package func type(_ text: String) throws { try master.descriptor.write(Array(text.utf8)) }

    /// What is shown until `text` has been. Throws ``NeverShown`` when the program ends or says nothing for a minute.
    package func read(until text: String) throws -> String {
        var shown: [UInt8] = []
        while !String(decoding: shown, as: UTF8.self).contains(text) {
            guard let more = try next() else { throw NeverShown(text: text, shown: String(decoding: shown, as: UTF8.self)) }
            shown += more
        }
        return String(decoding: shown, as: UTF8.self)
    }

    /// All that is still shown, and the status with which the program ends.
    package func end() throws -> (shown: String, status: Int32) {
        var shown: [UInt8] = []
        while let more = try next() { shown += more }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { guard errno == EINTR else { throw SystemError(errno, "wait for", "\(process)") } }
        // 128 and the signal, as a shell tells it.
        return (String(decoding: shown, as: UTF8.self), status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F)
    }

    /// Nil when nobody has the terminal open any more (EIO), or a minute has passed.
    private func next() throws -> [UInt8]? {
        var waiting = pollfd(fd: master.descriptor.raw, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 60_000) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(master.descriptor.raw, &buffer, buffer.count)
        if count < 0, errno == EINTR { return [] }
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    deinit { kill(process, SIGKILL) }
}

package struct NeverShown: Error {
    package let text: String
    package let shown: String
}
