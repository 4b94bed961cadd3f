import Glibc
import Model

/// Where the cluster file is that nobody named with `-c`.
package struct ClusterFileSearch: Hashable, Sendable {
    static let localName = "holdfast.yaml"
    static let system = "/etc/holdfast/holdfast.yaml"

    /// `HOLDFAST_CLUSTER_FILE`; nil when it is not there or empty.
    package var named: String?
    /// A file of the working directory is not taken unasked: root works in directories of others, and the file's commands would run as root.
    package var isRoot: Bool

    /// `named`: the value of the variable.
    package init(named: String?, isRoot: Bool = geteuid() == 0) {
        self.named = named.flatMap { $0.isEmpty ? nil : $0 }
        self.isRoot = isRoot
    }

    func path(in workingDirectory: String, isThere: (String) throws -> Bool) throws -> String {
        if let named {
            guard named.hasPrefix("/") else {
                throw Failure(
                    .clusterFile, "HOLDFAST_CLUSTER_FILE is \"\(printable(named))\", which is not an absolute path",
                    hint: "export HOLDFAST_CLUSTER_FILE=\(shellWord(PathText.normalise(named, relativeTo: workingDirectory)))")
            }
            return PathText.normalise(named, relativeTo: "/")
        }
        let local = PathText.normalise(Self.localName, relativeTo: workingDirectory)
        if try isThere(local) {
            guard isRoot, local != Self.system else { return local }
            throw Failure(
                .clusterFile, "root does not take the cluster file \(local) unasked: its commands would run as root",
                hint: "if you mean it, name it: -c \(shellWord(local)), or export HOLDFAST_CLUSTER_FILE=\(shellWord(local))")
        }
        if try isThere(Self.system) { return Self.system }
        throw Failure(
            .clusterFile, "there is no cluster file: neither \(local) nor \(Self.system)",
            hint: "name it with -c, or write one: docs/cluster-file.md has an example to start from")
    }
}
