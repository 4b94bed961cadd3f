import ArgumentParser
import Model

/// What a restore in place asks about where the stores lie by now.
struct PlaceOptions: ParsableArguments {
    @Flag(help: "Restore onto another file system, HDFS or server than the one that the snapshot was taken of.")
    var elsewhere = false

    /// Throws `refused` when nobody looks at the plan and it says that stores lie elsewhere: what should be mounted there may be missing.
    func check(_ moved: [String], _ consent: ConsentOptions) throws(Failure) {
        guard consent.yes, !elsewhere, let first = moved.first else { return }
        throw Failure(
            .refused, first, hint: "mount what belongs there; where it is meant to be so, add --elsewhere, or answer the plan without --yes"
        )
    }
}
