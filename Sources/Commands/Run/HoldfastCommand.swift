import ArgumentParser
import Model

/// A command that does something: its flags are parsed and valid when it runs.
protocol HoldfastCommand: ParsableCommand {
    /// `--json`.
    var wantsJSON: Bool { get }

    /// Throws any error that can be told as a ``Failure``.
    func run(in context: CommandContext) throws -> Verdict
}

/// One that works on a cluster, as all but the demo do.
protocol ClusterCommand: HoldfastCommand {
    var cluster: ClusterOptions { get }
}

extension ClusterCommand {
    var wantsJSON: Bool { cluster.json }
}

/// How a command ended that said all there is to say.
enum Verdict: Hashable {
    case done
    /// Done, but something is not as it should be; the exit status tells.
    case flawed(FailureCode)
    /// The exit status of a plugin of a monitor.
    case plugin(Int32)

    /// What a plugin says that cannot tell.
    static let unknown = Verdict.plugin(3)

    var isPlugin: Bool { if case .plugin = self { true } else { false } }

    var exitStatus: Int32 {
        switch self {
        case .done: 0
        case .flawed(let code): code.exitStatus
        case .plugin(let status): status
        }
    }
}

/// Checks of arguments that throw a ``Failure``, as the parser wants them: message and hint on one line, exit status 64.
func validating(_ check: () throws(Failure) -> Void) throws {
    do {
        try check()
    } catch {
        throw ValidationError([error.summary, error.hint].compactMap { $0 }.joined(separator: "; "))
    }
}
