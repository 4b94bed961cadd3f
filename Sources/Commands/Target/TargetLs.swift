import ArgumentParser
import Clusters
import Model
import ObjectStorage

struct TargetLsCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the targets, what they hold and how much room they have.",
        discussion: """
            The exit status is not 0 when a target cannot be reached, or is not what it was:
            backups are gone that nobody here deleted, or it is another repository. Nothing
            is deleted in such a target until holdfast target accept.

            EXAMPLES:
              holdfast target ls -c acme.yaml
            """,
        aliases: ["list"])

    @OptionGroup var cluster: ClusterOptions

    func run(in context: CommandContext) throws -> Verdict {
        let places = try context.cluster(cluster).targetPlaces()
        context.console.finish(json: ["targets": places.map(PlaceResult.init)]) { terminal in
            places.isEmpty ? "no target yet: holdfast target add NAME PATH\(cluster.suffix)" : text(places, context.now, terminal)
        }
        return places.contains { !$0.problems.isEmpty || $0.doubt != nil } ? .flawed(.storage) : .done
    }

    private func text(_ places: [ClusterStatus.Place], _ now: Timestamp, _ terminal: Terminal) -> String {
        var table = Table([
            Table.Column("TARGET", importance: 9, minimum: 6), Table.Column("BACKUPS", .right, importance: 7, minimum: 7),
            Table.Column("NEWEST", importance: 6, minimum: 8), Table.Column("AGE", .right, importance: 5, minimum: 3),
            Table.Column("FREE", .right, importance: 4, minimum: 7), Table.Column("PATH", importance: 8, minimum: 12),
        ])
        for place in places {
            let newest = place.newest?.manifest
            table.add(
                [
                    place.name, place.space == nil ? "?" : "\(place.entries)", newest?.name.text ?? "",
                    newest.map { DurationText.short(seconds: now.secondsSince($0.created)) } ?? "",
                    place.space.map { ByteCount($0.free).text } ?? "?", place.path,
                ], note: (place.problems.first ?? place.doubt?.text).map { "PROBLEM: \($0)" } ?? PlaceText.passedOver(place))
        }
        return table.text(for: terminal)
    }
}
