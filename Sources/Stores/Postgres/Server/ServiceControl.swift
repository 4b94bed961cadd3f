import HostIO
import Model

/// Stops and starts a server through the operator's commands.
struct ServiceControl {
    let store: String
    let service: ServiceCommands?
    let directory: DataDirectory
    let host: Host

    func isRunning(_ onEnding: ChildProcess.OnEnding = .endsToo) throws -> Bool {
        guard let status = service?.status else { return try directory.isInUse() }
        return try run(status, onEnding).succeeded
    }

    /// Nothing to be done when it is down. Afterwards no process works on the data directory.
    func stop() throws {
        guard try isRunning() || directory.isInUse() else { return }
        let service = try required()
        let outcome = try run(service.stop)
        guard outcome.succeeded else { throw failed("stop", service.stop, outcome) }
        guard try wait({ try !directory.isInUse() }) else {
            throw Failure(
                .store, "store \(store): the server still runs on \(directory.path) after its stop command; nothing was changed",
                hint: "run it by hand: \(service.stop)")
        }
    }

    /// In surroundings of its own (``ServerPlacement``): it lives on when the service that starts it ends. Applications wait for it, so it is started also
    /// when this process is to end.
    func start() throws {
        let service = try required()
        var process = ServerPlacement.present().shell(service.start, timeout: .milliseconds(service.timeoutMilliseconds))
        process.onEnding = .runsOn
        let outcome = try process.run()
        guard outcome.succeeded else { throw failed("start", service.start, outcome) }
    }

    /// Until `isReady`, as long as the commands may take. Throws ``Cancelled`` when this process is to end.
    func wait(_ isReady: () throws -> Bool) throws -> Bool {
        let limit = UInt64(max(0, service?.timeoutMilliseconds ?? ServiceCommands.defaultTimeoutMilliseconds)) * 1_000_000
        let start = host.clock.monotonicNanoseconds()
        while try !isReady() {
            guard host.clock.monotonicNanoseconds() &- start < limit else { return false }
            if EndingSignals.isAsked { throw Cancelled() }
            host.clock.sleep(for: .milliseconds(20))
        }
        return true
    }

    func required() throws(Failure) -> ServiceCommands {
        guard let service else {
            throw Failure(
                .refused, "store \(store): the cluster file does not say how the server is stopped and started",
                hint: "add service: {stop: …, start: …} to the store; a restore replaces the files of a server that is down")
        }
        return service
    }

    private func run(_ command: String, _ onEnding: ChildProcess.OnEnding = .endsToo) throws -> ChildProcess.Outcome {
        let milliseconds = service?.timeoutMilliseconds ?? ServiceCommands.defaultTimeoutMilliseconds
        var process = ChildProcess.shell(command, timeout: .milliseconds(milliseconds))
        process.onEnding = onEnding
        return try process.run()
    }

    private func failed(_ which: String, _ command: String, _ outcome: ChildProcess.Outcome) -> Failure {
        let words = printableLines(outcome.errorText + "\n" + outcome.outputText, limit: 600)
        return Failure(
            .store,
            "store \(store): the \(which) command of the service \(outcome.ending == .timedOut ? "ran past its timeout" : "failed")",
            hint: "run it by hand: \(command)",
            cause: words.isEmpty ? nil : words)
    }
}
