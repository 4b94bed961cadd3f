import ArgumentParser
import Backups
import Model

struct TargetAddCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Make a directory a place for backups.",
        discussion: """
            The directory is a restic repository afterwards, with the cluster's password. One
            that is a repository already, and opens with that password, is taken over.

            EXAMPLES:
              holdfast target add nas /mnt/nas/acme -c acme.yaml
            """)

    @Argument(help: "A name of at most 44 letters, digits, '-' and '_'.")
    var name: String

    @Argument(help: "The directory.", completion: .directory)
    var path: String

    @OptionGroup var cluster: ClusterOptions

    private struct Result: Encodable {
        struct Target: Encodable {
            var name: String
            var path: String
        }
        var target: Target
    }

    func validate() throws {
        try validating { () throws(Failure) in try NameRule.check(name, of: "target") }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let place = try context.directory(path, for: "a target")
        for concern in try context.watching({ _ in try Backups(cluster).addTarget(name, path: place) }) { context.console.warn(concern) }
        context.console.finish(json: Result(target: Result.Target(name: name, path: place))) { _ in
            """
            target \(name) is \(place), a restic repository
            next: holdfast backup create --target \(name)\(self.cluster.suffix)
            """
        }
        return .done
    }
}
