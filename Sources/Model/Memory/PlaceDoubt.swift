/// A repository is not what it was, and nobody here has made it so. Until a person has accepted it, nothing is deleted there.
package struct PlaceDoubt: Hashable, Sendable {
    package var isOtherRepository: Bool
    /// Entries of the cluster that were there, oldest first.
    package var gone: [PlaceMemory.Entry]
    /// Snapshots of others that were there: hex ids, oldest first. They are as dear to somebody as the cluster's own; a prune would end them.
    package var goneStrangers: [String] = []
    /// How many were known.
    package var remembered: Int
    /// There is data and no snapshot at all, and nothing here says why.
    package var isUnexplained: Bool
    /// What was seen there before cannot be read any more.
    package var isForgotten = false
    /// It is the repository, with another config than before: an older one, as long as nobody has the password.
    package var isOtherConfig = false
    /// Entries of the cluster that are there again although a Holdfast has deleted them, in the order of that.
    package var returned: [PlaceMemory.Entry] = []
    /// When all was there; nil when nobody here has looked before.
    package var since: Timestamp?

    package init(isOtherRepository: Bool, gone: [PlaceMemory.Entry], remembered: Int, isUnexplained: Bool, since: Timestamp?) {
        self.isOtherRepository = isOtherRepository
        self.gone = gone
        self.remembered = remembered
        self.isUnexplained = isUnexplained
        self.since = since
    }

    /// Data and no snapshot, and no memory of the place.
    static let unexplained = PlaceDoubt(isOtherRepository: false, gone: [], remembered: 0, isUnexplained: true, since: nil)

    /// The memory of the place is lost.
    package static let forgotten: PlaceDoubt = {
        var doubt = PlaceDoubt(isOtherRepository: false, gone: [], remembered: 0, isUnexplained: false, since: nil)
        doubt.isForgotten = true
        return doubt
    }()

    private static let mostNamed = 5

    /// "2 of 5 backups that were there on 2026-11-29 20:00 are gone, and nobody here deleted them: b4, b5".
    package var text: String {
        [
            isOtherRepository ? "it is another repository than the one that was there\(moment)" : nil,
            isOtherConfig ? "its config is another one than was there\(moment)" : nil, goneText, strangersText,
            returnedText, unexplainedText,
            isForgotten ? "what was seen there before cannot be read any more" : nil,
        ]
        .compactMap { $0 }.joined(separator: "; ")
    }

    private var moment: String { since.map { " on \($0.readable)" } ?? "" }

    private var goneText: String? {
        guard !gone.isEmpty else { return nil }
        let names = gone.suffix(Self.mostNamed).map { printable($0.name) }.joined(separator: ", ")
        let more = gone.count > Self.mostNamed ? " and \(counted(gone.count - Self.mostNamed, "older one"))" : ""
        let kinds = Set(gone.map(\.kind))
        let what = kinds.count == 1 ? kinds.first?.rawValue ?? "" : "snapshot or backup"
        let count = gone.count == remembered ? counted(gone.count, what) : "\(grouped(gone.count)) of \(counted(remembered, what))"
        let plural = gone.count != 1 || gone.count != remembered
        return
            "\(count) that \(plural ? "were" : "was") there\(moment) \(gone.count == 1 ? "is" : "are") gone or cannot be read, and nobody here deleted "
            + "\(gone.count == 1 ? "it" : "them"): \(names)\(more)"
    }

    private var strangersText: String? {
        guard !goneStrangers.isEmpty else { return nil }
        let names = goneStrangers.suffix(Self.mostNamed).map { String($0.prefix(8)) }.joined(separator: ", ")
        let isOne = goneStrangers.count == 1
        return
            "\(counted(goneStrangers.count, "snapshot")) of others that \(isOne ? "was" : "were") there\(moment) \(isOne ? "is" : "are") gone or cannot be read, "
            + "and no Holdfast deleted \(isOne ? "it" : "them") (restic forget leaves no note): \(names)"
    }

    var isNone: Bool {
        !isOtherRepository && !isOtherConfig && !isUnexplained && !isForgotten && gone.isEmpty && goneStrangers.isEmpty && returned.isEmpty
    }

    private var returnedText: String? {
        guard !returned.isEmpty else { return nil }
        let names = returned.suffix(Self.mostNamed).map { printable($0.name) }.joined(separator: ", ")
        let (verb, pronoun) = returned.count == 1 ? ("is", "it was") : ("are", "they were")
        let kinds = Set(returned.map(\.kind))
        let what = kinds.count == 1 ? kinds.first?.rawValue ?? "" : "snapshot or backup"
        return "\(counted(returned.count, what)) \(verb) there again although \(pronoun) deleted, as in an older copy: \(names)"
    }

    private var unexplainedText: String? {
        guard isUnexplained, gone.isEmpty, goneStrangers.isEmpty else { return nil }
        return "it holds data and no snapshot or backup at all, and nothing here says why"
    }

    /// For whoever lists `place`. `suffix`: that commands need for the same cluster file.
    package func warning(about place: RememberedPlace, suffix: String) -> String {
        "the \(place.key) is not what it was: \(text); nothing is deleted there before \(place.acceptance)\(suffix)"
    }

    /// Why nothing is deleted in `place`. `file`: the cluster file.
    package func refusal(of place: RememberedPlace, path: String, file: String) -> Failure {
        Failure(
            .refused, "nothing is deleted in the \(place.key) (\(path)): \(text)",
            hint: "find out who did that, and put back what is missing; if it is to stay as it is: \(place.acceptance) -c \(file)")
    }
}

/// The end of a doubt: a person takes what is there now for the truth.
package struct AcceptPlan: Plan, Hashable {
    package var place: RememberedPlace
    package var path: String
    /// Nil when there is nothing to be accepted.
    package var doubt: PlaceDoubt?
    /// Entries of the cluster that are there and can be read.
    package var present: Int
    package var newest: PlaceMemory.Entry?

    package init(place: RememberedPlace, path: String, doubt: PlaceDoubt?, present: Int, newest: PlaceMemory.Entry?) {
        self.place = place
        self.path = path
        self.doubt = doubt
        self.present = present
        self.newest = newest
    }

    package var isEmpty: Bool { doubt == nil }

    package var summary: PlanSummary {
        let newest = newest.map { ", the newest \(printable($0.name)) of \($0.created.readable)" } ?? ""
        var lines = [
            PlanSummary.Line("there now", "\(counted(present, "snapshot or backup", "snapshots and backups")) of this cluster\(newest)")
        ]
        if let since = doubt?.since { lines.append(PlanSummary.Line("last whole", since.readable)) }
        if doubt?.isOtherConfig == true { lines.append(PlanSummary.Line("config", "another one than before")) }
        lines += (doubt?.returned ?? []).map {
            PlanSummary.Line("there again", "\($0.kind.rawValue) \(printable($0.name)) of \($0.created.readable)")
        }
        if doubt?.isOtherRepository == true { lines.append(PlanSummary.Line("repository", "another one than before")) }
        lines += (doubt?.gone ?? []).map { PlanSummary.Line("gone", "\($0.kind.rawValue) \(printable($0.name)) of \($0.created.readable)") }
        lines += (doubt?.goneStrangers ?? []).suffix(20).map { PlanSummary.Line("gone", "snapshot \($0.prefix(16)) of others") }
        return PlanSummary(
            title: "accept the \(place.key) (\(path)) as it is now", lines: lines,
            warnings: doubt.map { [$0.text, "retention and prune go on there, by what is there now"] } ?? [],
            losses: doubt?.gone.isEmpty != false && doubt?.goneStrangers.isEmpty != false && doubt?.isOtherRepository != true
                && doubt?.isForgotten != true
                ? [] : ["what is left of the data of missing snapshots and backups: the next prune deletes it"], undo: nil)
    }
}
