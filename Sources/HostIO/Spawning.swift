import CHost
import Glibc

/// A pipe of which the parent reads one end.
struct Pipe: ~Copyable {
    let reading: SharedDescriptor
    private(set) var writing: Writing

    /// The child's end, closed in the parent once the child has it.
    final class Writing {
        private(set) var owned: SharedDescriptor?
        let descriptor: Int32
        init(_ owned: SharedDescriptor) {
            descriptor = owned.descriptor.raw
            self.owned = owned
        }
        func close() { owned = nil }
    }

    init(for program: String) throws(SystemError) {
        var ends: (Int32, Int32) = (-1, -1)
        try checked("make a pipe for", program) {
            withUnsafeMutablePointer(to: &ends) { pointer in
                pointer.withMemoryRebound(to: Int32.self, capacity: 2) { holdfast_pipe($0) }
            }
        }
        reading = SharedDescriptor(Descriptor(owning: ends.0, path: program))
        writing = Writing(SharedDescriptor(Descriptor(owning: ends.1, path: program)))
        _ = holdfast_set_nonblocking(ends.0)
    }

    borrowing func closeWriting() { writing.close() }
}

/// posix_spawn(3) with all signals at their defaults and a process group of its own.
struct Spawning {
    private let request: ChildProcess
    private let program: String

    init(_ request: ChildProcess, _ program: String) {
        self.request = request
        self.program = program
    }

    func start(output: Int32, errors: Int32) throws(SystemError) -> pid_t {
        let input = try inputFile()
        if let containment = request.containment {
            let spawning = ContainedSpawning(containment: containment, request: request, program: program)
            return try spawning.start(input: input.raw, output: output, errors: errors)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.raw, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // Libraries may have opened some without O_CLOEXEC.
        _ = holdfast_spawn_close_from(&actions, 3)
        if let folder = request.workingDirectory { _ = holdfast_spawn_chdir(&actions, folder) }
        var attributes = posix_spawnattr_t()
        prepare(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var process: pid_t = 0
        var kept = CStrings()
        defer { kept.free() }
        let arguments = kept.list(request.arguments.map(request.bytesOfArgument))
        let environment = kept.list(request.environment.map { "\($0.key)=\($0.value)" }.sorted().map { Array($0.utf8) })
        let status = posix_spawnp(&process, program, &actions, &attributes, arguments, environment)
        guard status == 0 else { throw SystemError(status, "run", program) }
        return process
    }

    private func inputFile() throws(SystemError) -> Descriptor {
        if request.input.isEmpty { return try Descriptor.open("/dev/null", .read) }
        let file = Descriptor(
            owning: try checked("keep the input of", program) { holdfast_memory_file("input") }, path: "input of \(program)")
        try file.write(request.input)
        try file.seek(to: 0)
        return file
    }

    private func prepare(_ attributes: inout posix_spawnattr_t) {
        posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, holdfast_spawn_flags)
    }
}
