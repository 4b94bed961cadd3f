package import Glibc
import HostIO

/// A Python program that holds something (a lock, an open file) until its standard input ends. It is ready once it has printed a line.
package final class HoldingProgram {
    package let process: pid_t
    private var input: Int32

    package init(_ program: String, _ arguments: [String]) throws {
        var (input, output): ([Int32], [Int32]) = ([0, 0], [0, 0])
        guard pipe(&input) == 0, pipe(&output) == 0 else { throw SystemError(errno, "make", "a pipe") }
        for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        let code = program + "\nimport sys\nprint('ready', flush=True)\nsys.stdin.read()\n"
        // The system's own, under the name that the kernel then tells.
        let words = (["python3", "-c", code] + arguments).map { strdup($0) } + [nil]
        let variables = ChildProcess.minimalEnvironment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let status = posix_spawnp(&process, "/usr/bin/python3", &actions, nil, words, variables)
        close(input[0])
        close(output[1])
        self.process = process
        self.input = input[1]
        defer { close(output[0]) }
        var byte: UInt8 = 0
        guard status == 0, read(output[0], &byte, 1) == 1 else { throw SystemError(status == 0 ? EIO : status, "run", "python3") }
    }

    deinit { end() }

    /// Lets it end, and waits until it has.
    package func end() {
        guard input >= 0 else { return }
        close(input)
        input = -1
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
    }

    /// Ends it at once, in the middle of whatever it does.
    package func kill() {
        Glibc.kill(process, SIGKILL)
        end()
    }
}
