import ArgumentParser
import Model
import Standby

struct StandbyPromoteCommand: ClusterCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Make a standby the active cluster.",
        discussion: """
            Raises the epoch in the target, which fences the old primary as far as that
            cooperates; runs the fence command; applies the newest backup; runs the on-promote
            and check commands; takes over the backup policies; reports what it cost. After
            whatever ended it the same command goes on. --planned asks the active cluster to
            stop, back up and make way first, so that nothing is lost. --rehearse does it on
            scratch copies and changes nothing.

            EXAMPLES:
              holdfast standby promote --dry-run -c standby.yaml
              holdfast standby promote -c standby.yaml
              holdfast standby promote --planned --yes -c standby.yaml
              holdfast standby promote --at nightly-20261125-020000 -c standby.yaml
              holdfast standby promote --rehearse -c standby.yaml
            """)

    @Option(help: ArgumentHelp("The backup to promote, one that is on this host (default: the newest).", valueName: "backup"))
    var at: String?

    @Flag(help: "On scratch copies, without the epoch, the fence and on-promote commands; the check command sees HOLDFAST_STORE_NAME.")
    var rehearse = false

    @Flag(help: "The active cluster makes way first: nothing is lost.")
    var planned = false

    @Option(help: ArgumentHelp("With --planned: how long to wait for the active cluster.", valueName: "time"))
    var patience: String = "10m"

    @Flag(help: "Though the target cannot be reached: the epoch is raised when it is back.")
    var withoutTarget = false

    @Flag(help: "Though the fence command fails: you have made sure that the old primary is off.")
    var withoutFence = false

    @OptionGroup var room: RoomOption
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var consent: ConsentOptions

    func validate() throws {
        if planned, at != nil || withoutTarget || withoutFence || rehearse {
            throw ValidationError("--planned loses nothing and needs the active cluster: leave --at, --rehearse and --without-… out")
        }
        if room.ignoreSpace, !rehearse { throw ValidationError("--ignore-space is for the scratch copies of --rehearse") }
        if rehearse, withoutTarget || withoutFence {
            throw ValidationError("--rehearse touches neither target nor fence: leave --without-… out")
        }
        try validating { () throws(Failure) in
            if let at { try NameRule.check(at, of: "backup") }
            _ = try Period.seconds(waiting: patience)
        }
    }

    func run(in context: CommandContext) throws -> Verdict {
        let standby = OfflineStandby(try context.cluster(cluster))
        guard !rehearse else { return try rehearse(standby, context) }
        let prepared = try context.watching { _ in try standby.preparePromotion(request()) }
        guard try context.agree(to: prepared.plan, consent) else { return .done }
        let outcome = try context.watching { try standby.promote(prepared, job: $0) }
        context.console.finish(json: ["promotion": PromotionResult(outcome)]) {
            StandbyText(terminal: $0, now: context.now).promotion(outcome)
        }
        return outcome.promotion.fault == nil ? context.verdict(outcome.stores) : .flawed(.hook)
    }

    private func request() throws -> PromotionRequest {
        var request = PromotionRequest()
        request.at = at
        request.isPlanned = planned
        request.withoutTarget = withoutTarget
        request.withoutFence = withoutFence
        request.patience = .seconds(try Period.seconds(waiting: patience))
        return request
    }

    private func rehearse(_ standby: OfflineStandby, _ context: CommandContext) throws -> Verdict {
        let outcome = try context.watching { try standby.rehearse(at: at, room: room.check, job: $0) }
        context.console.finish(json: ["rehearsal": RehearsalResult(outcome)]) {
            StandbyText(terminal: $0, now: context.now).rehearsal(outcome)
        }
        if outcome.verdict == .failed { return .flawed(.damaged) }
        return outcome.fault == nil ? .done : .flawed(.hook)
    }
}
