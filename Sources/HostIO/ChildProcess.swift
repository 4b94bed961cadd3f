import Glibc

/// A program to run. Never through a shell unless ``shell(_:)`` says so.
package struct ChildProcess: Sendable {
    /// The program, found by PATH when it has no `/`, and its arguments.
    package var arguments: [String]
    /// The bytes of an argument; `ByteText.bytes` for those that hold names in no encoding.
    package var bytesOfArgument: @Sendable (String) -> [UInt8] = { Array($0.utf8) }
    /// All that the program sees.
    package var environment: [String: String]
    package var workingDirectory: String?
    /// What it reads from its standard input; `/dev/null` when empty. Not visible to other users.
    package var input: [UInt8]
    /// Then it and its process group get SIGTERM, and SIGKILL after `grace`; nil: as long as it takes.
    package var timeout: Duration?
    package var grace: Duration
    /// Bytes kept of each of its two outputs; what comes after is read and dropped.
    package var outputLimit: Int
    package var onEnding = OnEnding.endsToo
    /// Nil: it runs in the surroundings of this process. With one its program is named by an absolute path, and `workingDirectory` means nothing.
    package var containment: Containment?
    /// Learns of the process while it runs.
    package var handle: ProcessHandle?

    package init(
        _ arguments: [String], environment: [String: String] = ChildProcess.minimalEnvironment, workingDirectory: String? = nil,
        input: [UInt8] = [], timeout: Duration? = nil, grace: Duration = .seconds(1), outputLimit: Int = 1 << 20
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.input = input
        self.timeout = timeout
        self.grace = grace
        self.outputLimit = outputLimit
    }

    /// A command of the operator's, as `/bin/sh -c` understands it, with the umask that this process was started with.
    package static func shell(_ command: String, timeout: Duration? = nil) -> ChildProcess {
        ChildProcess(["/bin/sh", "-c", OwnSurroundings.shellPrefix + command], timeout: timeout)
    }

    /// PATH with the system's directories, HOME, and an UTF-8 locale without translations.
    package static var minimalEnvironment: [String: String] {
        var variables = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]
        if let home = getenv("HOME") { variables["HOME"] = String(cString: home) }
        return variables
    }

    /// What becomes of a program when this process is asked to end (``EndingSignals``).
    package enum OnEnding: Sendable {
        /// It and its process group get SIGTERM, and SIGKILL after `grace`; one that has not been started is not started any more. ``run()`` throws
        /// ECANCELED then.
        case endsToo
        /// It runs to its end or its timeout, and is started all the same: what takes back something that was begun must not be cut off.
        case runsOn
    }

    package enum Ending: Hashable, Sendable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut

        /// "exited with status 3", "ran past its timeout": after the name of the command.
        package var text: String {
            switch self {
            case .exited(let status): "exited with status \(status)"
            case .signalled(let signal): "was ended by signal \(signal)"
            case .timedOut: "ran past its timeout"
            }
        }
    }

    package struct Outcome: Hashable, Sendable {
        package var ending: Ending
        package var output: [UInt8]
        package var errors: [UInt8]
        /// More was printed than ``outputLimit``.
        package var truncated: Bool

        package var succeeded: Bool { ending == .exited(0) }
        package var outputText: String { String(decoding: output, as: UTF8.self) }
        package var errorText: String { String(decoding: errors, as: UTF8.self) }
    }

    /// Runs it to its end and reaps it. A program that leaves a child behind which holds its outputs open is not waited for any longer
    /// than the program itself. Throws when it cannot be started, and ECANCELED when it was ended because this process is to end.
    package func run() throws(SystemError) -> Outcome {
        guard let program = arguments.first, !arguments.contains(where: { $0.utf8.contains(0) }) else {
            throw SystemError(EINVAL, "run", arguments.first ?? "")
        }
        if onEnding == .endsToo, EndingSignals.isAsked { throw SystemError(ECANCELED, "run", program) }
        let output = try Pipe(for: program)
        let errors = try Pipe(for: program)
        let process = try Spawning(self, program).start(output: output.writing.descriptor, errors: errors.writing.descriptor)
        handle?.started(process)
        output.closeWriting()
        errors.closeWriting()
        let supervision = Supervision(self, process: process, output: output.reading, errors: errors.reading)
        guard let outcome = supervision.run() else { throw SystemError(ECANCELED, "run", program) }
        return outcome
    }
}
