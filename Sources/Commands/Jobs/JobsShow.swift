import ArgumentParser
import Clusters
import Model

struct JobsShowCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a job and its log.",
        discussion: """
            EXAMPLES:
              holdfast jobs show 12 -c acme.yaml
            """)

    @Argument(help: "The number of the job.")
    var number: Int

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        _ = try cluster.catalogue()
        let job = try cluster.jobs.job(number)
        let log = try cluster.jobs.log(of: number)
        context.console.finish(json: ["job": JobResult(job, log)]) { JobText(terminal: $0, now: context.now).details(job, log) }
        return .done
    }
}
