/// What an image has of its store, and what not: the one judgement behind HOLDS, exit statuses, alerts and what policies keep. It stands on what was
/// read and counted, never on what was listed.
package struct Completeness: Hashable, Sendable {
    package let notes: [EntryNote]
    package let doubts: [StoreDoubt]
    /// Nothing has read the image yet.
    private let isUnread: Bool
    private let extent: StoreExtent

    package init(of record: StoreRecord) {
        notes = record.entryNotes
        doubts = record.doubts ?? []
        isUnread = record.image == .native
        extent = record.extent
    }

    package func count(_ flaw: EntryFlaw) -> Int { notes.reduce(0) { $1.flaw == flaw ? $0.addingSaturated($1.count) : $0 } }

    /// It may stand for its store: nothing is missing or torn, and the store was as it should be. Not so, retention keeps an older one that is.
    package var isGood: Bool { Self.spoiling.allSatisfy { count($0) == 0 } && doubts.isEmpty }

    /// Nothing is wrong with it that somebody should look at; otherwise a command ends with ``FailureCode/incomplete``.
    package var isFlawless: Bool { hasAllEntries && doubts.isEmpty }

    /// Every entry of the store, as it was found, is in it as a whole.
    package var hasAllEntries: Bool { (Self.spoiling + Self.partial).allSatisfy { count($0) == 0 } }

    /// Who restores it has all of the store: not when entries are missing, nor when the store was in a state that nobody can accept.
    package var isWhole: Bool { hasAllEntries && doubts.allSatisfy(\.isAcceptable) }

    /// Entries of these kinds are not in the image as they were.
    private static let spoiling: [EntryFlaw] = [.unreadable, .inUse]
    /// Their content is in it as far as it could be had, and every later image asks for the rest again.
    private static let partial: [EntryFlaw] = [.open, .metadata]

    /// For the column HOLDS: "everything", "all but 3 entries", "structure only, without 2 left out on purpose".
    package var words: String {
        let base = [extentWords, missingWords].compactMap { $0 }
        let whole = base.isEmpty ? "everything" : base.joined(separator: ", ")
        let asides = [isUnread ? "unread" : nil, mixtureWords, doubtWords].compactMap { $0 }
        return asides.isEmpty ? whole : "\(whole); \(asides.joined(separator: "; "))"
    }

    private var extentWords: String? {
        switch extent {
        case .whole: nil
        case .withoutBulkRows: "all but bulk rows"
        case .structure: "structure only"
        }
    }

    private var missingWords: String? {
        let parts: [(EntryFlaw, (Int) -> String)] = [
            (.unreadable, { counted($0, "entry", "entries") }),
            (.inUse, { counted($0, "database in use", "databases in use") }),
            (.open, { "the \($0 == 1 ? "end" : "ends") of \(counted($0, "open file"))" }),
            (.metadata, { "attributes of \(counted($0, "entry", "entries"))" }),
            (.leftOut, { "\(grouped($0)) left out on purpose" }),
        ]
        let missing = parts.compactMap { flaw, words in count(flaw) > 0 ? words(count(flaw)) : nil }
        guard !missing.isEmpty else { return nil }
        return (extent == .whole ? "all but " : "without ") + missing.joined(separator: ", ")
    }

    private var mixtureWords: String? {
        let (changed, vanished) = (count(.changed), count(.vanished))
        let words = [
            changed > 0 ? "\(counted(changed, "entry", "entries")) changed while \(changed == 1 ? "it was" : "they were") read" : nil,
            vanished > 0 ? "\(counted(vanished, "entry", "entries")) went meanwhile" : nil,
        ].compactMap { $0 }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    private var doubtWords: String? { doubts.isEmpty ? nil : "in doubt" }

    /// What is wrong, a line each, then the first entries of each kind, at most `examples` of one; empty when all is as it should be.
    package func lines(of store: String, examples: Int) -> [String] {
        doubts.map { printable("\(store): \($0.text)", limit: 500) }
            + notes.flatMap { note -> [String] in
                let shown = note.first.prefix(examples)
                let rest = note.count.subtractingSaturated(shown.count)
                return ["\(store): \(Self.sentence(note))"] + shown.map { "  " + printable($0, limit: 200) }
                    + (rest > 0 ? ["  and \(grouped(rest)) more"] : [])
            }
    }

    /// One line: "up: 1 entry could not be read (b: permission denied)"; nil when nothing spoils it.
    package func shortcoming(of store: String) -> String? {
        if let doubt = doubts.first { return "\(store): \(doubt.text)" }
        guard let note = notes.first(where: { (Self.spoiling + Self.partial).contains($0.flaw) }) else { return nil }
        let example = note.first.first.map { " (\(printable($0, limit: 200)))" } ?? ""
        return "\(store): \(Self.sentence(note))\(example)"
    }

    private static func sentence(_ note: EntryNote) -> String {
        let entries = counted(note.count, "entry", "entries")
        switch note.flaw {
        case .unreadable: return "\(entries) could not be read"
        case .inUse: return "\(counted(note.count, "database")) in use, read as \(note.count == 1 ? "a file" : "files"): may be torn"
        case .open: return "\(counted(note.count, "file")) open for writing: without what was written last"
        case .metadata: return "\(entries) without attributes that could not be read"
        case .changed: return "\(entries) changed while \(note.count == 1 ? "it was" : "they were") read"
        case .vanished: return "\(entries) went while the store was read"
        case .leftOut: return "\(entries) left out on purpose, as a whole or in part"
        }
    }
}

extension StoreRecord {
    package var completeness: Completeness { Completeness(of: self) }

    /// What happened to entries; from before kinds were counted, as far as the record tells.
    package var entryNotes: [EntryNote] {
        if let notes { return notes }
        guard issues > 0 else { return [] }
        let missing = facts[Self.unreadableFact].flatMap(Int.init) ?? 0
        func lines(_ isMissing: Bool) -> [String] {
            issueExamples.filter { $0.hasPrefix("\(EntryFlaw.unreadable.rawValue) ") == isMissing }.map(Self.withoutKind)
        }
        let others = issues.subtractingSaturated(missing)
        return (missing > 0 ? [EntryNote(.unreadable, count: missing, first: lines(true))] : [])
            + (others > 0 ? [EntryNote(.changed, count: others, first: lines(false))] : [])
    }

    private static func withoutKind(_ line: String) -> String {
        let parts = line.split(separator: " ", maxSplits: 1)
        return parts.count == 2 && EntryFlaw(rawValue: String(parts[0])) != nil ? String(parts[1]) : line
    }

    /// Sets what happened to entries, also in the words of manifests of before kinds were counted.
    package mutating func note(_ notes: [EntryNote]) { setNotes(entryNotes.merged(with: notes)) }

    /// Replaces what is noted.
    package mutating func setNotes(_ all: [EntryNote]) {
        self.notes = all.isEmpty ? nil : all
        issues = all.reduce(0) { $0.addingSaturated($1.flaw == .leftOut ? 0 : $1.count) }
        issueExamples = Array(all.flatMap { note in note.first.map { "\(note.what) \($0)" } }.prefix(10))
        let missing = completeness.count(.unreadable)
        facts[Self.unreadableFact] = missing > 0 ? "\(missing)" : nil
    }
}

extension Manifest {
    /// Every image may stand for its store.
    package var isGood: Bool { stores.allSatisfy(\.completeness.isGood) }
    package var isFlawless: Bool { stores.allSatisfy(\.completeness.isFlawless) }

    /// A line a store that is not flawless.
    package var shortcomings: [String] { stores.compactMap { $0.completeness.shortcoming(of: $0.name) } }

    /// Names of stores whose image may not stand for them.
    package var flawedStores: [String] { stores.filter { !$0.completeness.isGood }.map(\.name) }
}
