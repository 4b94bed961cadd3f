import ArgumentParser
import Clusters
import HostIO
import Model
import Service

struct ServeCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Take snapshots and make backups as the policies say, until stopped.",
        discussion: """
            One process a cluster; a second one is refused. Commands go on working beside it,
            and wait for each other. SIGTERM ends it: a run that is under way is given up
            cleanly and is due again. With systemd: holdfast@NAME.service, which says when it
            is ready. --once makes what is due and ends, for cron.

            EXAMPLES:
              holdfast serve -c acme.yaml
              holdfast serve --once -c acme.yaml
            """)

    @Flag(help: "Make the runs that are due, then end.")
    var once = false

    @OptionGroup var cluster: ClusterOptions

    private struct Result: Encodable {
        struct Service: Encodable {
            var failures: [FailureResult]
        }
        var service: Service
    }

    func run(in context: CommandContext) throws -> Verdict {
        let path = try cluster.path(in: context.workingDirectory, context.search)
        var options = PolicyService.Options()
        var drivers = context.drivers
        let (job, host, console) = (context.job, context.host, context.console)
        let commands = drivers
        drivers.patience = LockPatience(options.patience, isOver: { job.isCancelled })
        let waiting = drivers
        options.began = { APIServer(context, commands, path).start() }
        let service = PolicyService(
            host: host, options: options, supervisor: SupervisorSocket.ofEnvironment(), job: job,
            load: { try Cluster.load(path, host: host, drivers: waiting, program: Program.text) },
            tell: { event in
                if console.mode == .json { console.result(["event": event]) } else { console.out.print(event.text) }
            })
        guard once else {
            try service.run()
            return .done
        }
        let failures = try service.runOnce()
        if console.mode == .json { console.result(Result(service: Result.Service(failures: failures.map(FailureResult.init)))) }
        return failures.first.map { .flawed($0.code) } ?? .done
    }
}
