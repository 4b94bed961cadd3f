import ArgumentParser
import Clusters
import Model

struct TargetAcceptCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Say that a target, or the storage, is right as it is now.",
        discussion: """
            Holdfast remembers what it has seen in each target and in the storage. When
            snapshots or backups are gone that nobody here deleted, or when it is another
            repository than before, status, alerts and target ls say so, and nothing is
            deleted there any more: retention and prune stop. Find out who did it, and put
            back what is missing. If it is to stay as it is, accept it; the plan says what
            is gone and since when.

            EXAMPLES:
              holdfast target accept nas --dry-run -c acme.yaml
              holdfast target accept nas --yes -c acme.yaml
              holdfast target accept --storage -c acme.yaml
            """)

    @Argument(help: "The name of the target (default: the only one).")
    var name: String?

    @Flag(help: "The storage of the snapshots instead of a target.")
    var storage = false

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    private struct Result: Encodable {
        struct Accepted: Encodable {
            var place: String
            var present: Int
            var gone: [DoubtResult.Gone]
        }
        var accepted: Accepted?
    }

    func validate() throws {
        if storage, name != nil { throw ValidationError("give the name of a target or --storage, not both") }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let cluster = try context.cluster(cluster)
        let place = try storage ? .storage : RememberedPlace.target(target(in: cluster))
        let plan = try context.watching { _ in try cluster.planAcceptance(of: place) }
        if plan.isEmpty {
            context.console.finish(json: Result(accepted: result(plan))) { _ in
                "the \(place.key) is as it was seen last: there is nothing to accept"
            }
            return .done
        }
        guard try context.agree(to: plan, consent) else { return .done }
        let done = try context.watching { _ in try cluster.accept(place) }
        context.console.finish(json: Result(accepted: result(done))) { _ in
            "the \(place.key) is accepted as it is, with \(counted(done.present, "snapshot or backup", "snapshots and backups")) of this cluster; "
                + "retention and prune go on there"
        }
        return .done
    }

    private func target(in cluster: Cluster) throws -> String {
        var option = TargetOption()
        option.target = name
        return try option.name(in: cluster)
    }

    private func result(_ plan: AcceptPlan) -> Result.Accepted {
        Result.Accepted(place: plan.place.key, present: plan.present, gone: plan.doubt.map { DoubtResult($0).gone } ?? [])
    }
}
