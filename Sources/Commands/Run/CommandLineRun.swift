import ArgumentParser
package import Clusters
package import HostIO
import Model

/// One run of the program: arguments in, output and exit status out.
package struct CommandLineRun: Sendable {
    private let host: Host
    private let drivers: Drivers
    private let workingDirectory: String
    private let job: JobControl
    private let console: @Sendable (_ json: Bool) -> Console
    private let search: ClusterFileSearch

    /// `workingDirectory` is absolute. `job` stops what runs; `console` is asked once, when it is known whether JSON is wanted.
    package init(
        host: Host, drivers: Drivers, workingDirectory: String, job: JobControl, search: ClusterFileSearch = ClusterFileSearch(named: nil),
        console: @escaping @Sendable (_ json: Bool) -> Console
    ) {
        self.search = search
        self.host = host
        self.drivers = drivers
        self.workingDirectory = workingDirectory
        self.job = job
        self.console = console
    }

    /// `arguments` without the program's name. Gives the exit status.
    package func run(_ arguments: [String]) -> Int32 {
        do {
            var command = try Holdfast.parseAsRoot(arguments)
            guard let command = command as? any HoldfastCommand else {
                try command.run()
                return 0
            }
            return execute(command)
        } catch {
            return report(error, arguments)
        }
    }

    /// The status of a command whose result may have been lost on the way out: a script must not take a cut text for the whole one.
    private func told(_ status: Int32, on console: Console, isPlugin: Bool = false) -> Int32 {
        guard let error = console.out.loss.error else { return status }
        let failure = Failure(
            .storage, "the result could not be written to the standard output",
            hint: "what the command did is done; run it again to see its result",
            cause: error.reason)
        FailurePrinter(Console(mode: .plain, out: console.err, err: console.err, input: console.input)).print(failure)
        guard status == 0 else { return status }
        return isPlugin ? Verdict.unknown.exitStatus : failure.code.exitStatus
    }

    private func execute(_ command: any HoldfastCommand) -> Int32 {
        let console = console(command.wantsJSON)
        do {
            let context = CommandContext(
                host: host, drivers: drivers, workingDirectory: workingDirectory, job: job, console: console,
                search: search)
            let verdict = try command.run(in: context)
            return told(verdict.exitStatus, on: console, isPlugin: verdict.isPlugin)
        } catch {
            let failure = Failure(describing: error)
            FailurePrinter(console).print(failure)
            return told(failure.code.exitStatus, on: console)
        }
    }

    /// What the parser throws: requests for help, the version or a completion script, and arguments that it does not understand.
    private func report(_ error: any Error, _ arguments: [String]) -> Int32 {
        let status = Holdfast.exitCode(for: error).rawValue
        let wantsJSON = arguments.prefix { $0 != "--" }.contains("--json")
        if status == 0 {
            let console = console(false)
            console.out.show(Holdfast.fullMessage(for: error))
            return told(status, on: console)
        } else if wantsJSON {
            let hint = suggestion(for: arguments) ?? "holdfast --help shows what there is"
            FailurePrinter(console(true)).print(Failure(.usage, Holdfast.message(for: error), hint: hint))
        } else {
            let err = console(false).err
            err.show(Holdfast.fullMessage(for: error))
            if let suggestion = suggestion(for: arguments) { err.print("hint: \(suggestion)") }
        }
        return status
    }

    /// "did you mean holdfast snapshot create?", when a word stands where a command should.
    private func suggestion(for arguments: [String]) -> String? {
        var commands = Holdfast.configuration.subcommands
        var path = ["holdfast"]
        for word in arguments.prefix(2) {
            if let known = commands.first(where: { $0.configuration.commandName == word || $0.configuration.aliases.contains(word) }) {
                (commands, path) = (known.configuration.subcommands, path + [word])
                continue
            }
            guard let near = nearest(to: word, among: commands.compactMap { $0.configuration.commandName }) else { return nil }
            return "did you mean \((path + [near]).joined(separator: " "))?"
        }
        return nil
    }
}
