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

/// The options of a command for which nobody's `--yes` is enough.
struct NamedConsentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Do it without asking: the name of the cluster, as a person would type it.", valueName: "name"))
    var confirm: String?

    @Flag(help: "Not enough here; see --confirm.")
    var yes = false

    @Flag(help: "Print the plan and stop; nothing is changed.")
    var dryRun = false

    func validate() throws {
        if dryRun, yes || confirm != nil {
            throw ValidationError("--dry-run contradicts --yes and --confirm; leave one of them out")
        }
    }

    /// Throws `refused` for a bare `--yes`. `command`: "cluster delete".
    func refuseBareYes(_ command: String, of name: String) throws(Failure) {
        guard yes, confirm == nil else { return }
        throw Failure(
            .refused, "--yes is not enough for \(command): nothing was changed",
            hint: "look at it with --dry-run, then say the name: holdfast \(command) --confirm \(name)")
    }
}

extension CommandContext {
    /// Shows `plan`. False when `--dry-run` ends it there; otherwise the name was given or typed.
    func agree(
        to plan: some Plan, _ options: NamedConsentOptions, naming name: String, what: String, _ question: String
    ) throws -> Bool {
        PlanPrinter(console).print(plan.summary)
        if options.dryRun {
            console.say("dry run: nothing was changed")
            return false
        }
        try Confirmation(console, consent: .ask).askName(name, confirmed: options.confirm, what: what, question)
        try job.checkCancelled()
        return true
    }

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
