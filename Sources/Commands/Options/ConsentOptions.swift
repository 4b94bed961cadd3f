import ArgumentParser
import HostIO
import Model

/// The options of every command that destroys or overwrites something.
struct ConsentOptions: ParsableArguments {
    @Flag(help: "Do it without asking.")
    var yes = false

    @Flag(help: "Print the plan and stop; nothing is changed.")
    var dryRun = false

    func validate() throws {
        if yes, dryRun { throw ValidationError("--yes and --dry-run contradict each other; leave one of them out") }
    }

    var consent: Consent { yes ? .given : .ask }
}

extension CommandContext {
    /// Shows `plan`. False when `--dry-run` ends it there; otherwise `confirm` has been answered with yes.
    func agree(to plan: some Plan, _ options: ConsentOptions, _ confirm: (Confirmation) throws -> Void) throws -> Bool {
        PlanPrinter(console).print(plan.summary)
        if options.dryRun {
            console.say("dry run: nothing was changed")
            return false
        }
        try confirm(Confirmation(console, consent: options.consent))
        try job.checkCancelled()
        return true
    }

    /// Like ``agree(to:_:_:)`` with the plan's title as the question.
    func agree(to plan: some Plan, _ options: ConsentOptions) throws -> Bool {
        try agree(to: plan, options) { try $0.ask(plan.summary.title) }
    }

    /// The same for a change of policies: one by which nothing goes needs no consent, and is shown in a dry run only.
    func agreeIfAsked(to plan: PolicyPlan, _ options: ConsentOptions) throws -> Bool {
        guard plan.isEmpty, !options.dryRun else { return try agree(to: plan, options) }
        return true
    }
}
