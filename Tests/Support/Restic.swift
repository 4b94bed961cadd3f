package import HostIO

/// The real restic, on one repository, with its password and cache in a temporary directory.
package struct Restic: Sendable {
    package let repository: String
    package let password: String
    private let program: String
    private let directory: TemporaryDirectory

    /// Throws ``ResticMissing`` when there is no `restic` on the PATH.
    package init(_ repository: String, password: String = "correct horse") throws {
        guard let program = Self.program else { throw ResticMissing() }
        self.program = program
        self.repository = repository
        self.password = password
        directory = try TemporaryDirectory()
        try AtomicFile.write(Array(password.utf8), to: directory.file("password"))
    }

    /// Its path; nil when it is not installed.
    package static let program = find("restic")

    /// For `.enabled(if:)`; says why a test is skipped.
    package static var isInstalled: Bool {
        if program == nil { print("skipped, since restic is not installed: apt-get install restic") }
        return program != nil
    }

    /// Runs it whatever its end. `input` is its standard input.
    package func attempt(_ arguments: String..., input: [UInt8] = [], workingDirectory: String? = nil) throws -> ChildProcess.Outcome {
        try attempt(arguments, input: input, workingDirectory: workingDirectory)
    }

    package func attempt(_ arguments: [String], input: [UInt8] = [], workingDirectory: String? = nil) throws -> ChildProcess.Outcome {
        try start([program] + arguments, input: input, workingDirectory: workingDirectory)
    }

    /// A line for the shell, in which `$RESTIC` is the program; its environment names the repository.
    package func attempt(shell line: String) throws -> ChildProcess.Outcome {
        try start(["/bin/sh", "-c", line], input: [], workingDirectory: nil)
    }

    private func start(_ arguments: [String], input: [UInt8], workingDirectory: String?) throws -> ChildProcess.Outcome {
        var environment = ChildProcess.minimalEnvironment
        environment["RESTIC_REPOSITORY"] = repository
        environment["RESTIC_PASSWORD_FILE"] = directory.file("password")
        environment["RESTIC_CACHE_DIR"] = directory.file("cache")
        environment["HOME"] = directory.path
        environment["RESTIC"] = program
        return try ChildProcess(
            arguments, environment: environment, workingDirectory: workingDirectory, input: input, timeout: .seconds(300),
            outputLimit: 64 << 20
        ).run()
    }

    /// Runs it and gives its output; throws ``ToolFailed`` unless it succeeds.
    @discardableResult
    package func run(_ arguments: String..., input: [UInt8] = [], workingDirectory: String? = nil) throws -> String {
        try run(arguments, input: input, workingDirectory: workingDirectory)
    }

    @discardableResult
    package func run(_ arguments: [String], input: [UInt8] = [], workingDirectory: String? = nil) throws -> String {
        let outcome = try attempt(arguments, input: input, workingDirectory: workingDirectory)
        guard outcome.succeeded else { throw ToolFailed(arguments: ["restic"] + arguments, outcome: outcome) }
        return outcome.outputText
    }

    /// `init --repository-version 2`.
    package func initialise() throws { try run("init", "--repository-version", "2") }

    /// `check`, with `--read-data` when all of it is to be read.
    package func check(readData: Bool = true) throws { try run(["check"] + (readData ? ["--read-data"] : [])) }
}

package struct ResticMissing: Error {}
