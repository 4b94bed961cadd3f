import ArgumentParser
import Clusters
import Model

/// `--target`, which may be left out when the cluster has only one.
struct TargetOption: ParsableArguments {
    @Option(help: ArgumentHelp("The target (default: the only one).", valueName: "name"))
    var target: String?

    func name(in cluster: Cluster) throws -> String {
        if let target { return try cluster.target(named: target).name }
        let targets = try cluster.targets()
        guard let first = targets.first else {
            throw Failure(.notFound, "the cluster \(cluster.file.name) has no target", hint: "add one: holdfast target add NAME PATH")
        }
        guard targets.count == 1 else {
            throw Failure(
                .usage, "the cluster \(cluster.file.name) has \(targets.count) targets",
                hint: "choose one: --target \(targets.map(\.name).joined(separator: " or --target "))")
        }
        return first.name
    }
}
