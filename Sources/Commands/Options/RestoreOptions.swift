import ArgumentParser
import Clusters
import Model

/// What the restore of an image may do.
struct RestoreOptions: ParsableArguments {
    @Flag(help: "With --yes: restore set-user-ID bits, devices, capabilities and trusted attributes as well.")
    var privileged = false

    @Option(help: ArgumentHelp("Restore an image of up to so many entries (default: as many as can be meant).", valueName: "n"))
    var maxEntries: UInt64?

    /// Whoever answers the plan has read what entries get rights; `--yes` alone is the answer of nobody.
    func privileges(_ consent: ConsentOptions) -> Privileges { consent.yes && !privileged ? .leftOut : .restored }

    func apply(to cluster: Cluster) { if let maxEntries { cluster.allowEntries(maxEntries) } }
}
