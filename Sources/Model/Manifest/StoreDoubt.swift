/// Why an image may not stand for its store although every entry of it was read: the store itself is not as it should be.
package struct StoreDoubt: Hashable, Sendable, Codable {
    package enum Kind: String, Sendable, Codable {
        /// A restore of the store began and did not end.
        case halfRestored
        /// It lies on another file system, HDFS or server than before.
        case elsewhere
        /// Nothing is left of what was in it.
        case emptied
        /// Far less is left than was in it.
        case shrunk
        /// Its own software finds it damaged; the image has it as it is.
        case damaged
    }

    /// A raw value of ``Kind``, or one that a newer program knows.
    package var what: String
    /// For people, to stand behind the name of the store: "it is half restored from s1".
    package var text: String

    package init(_ kind: Kind, _ text: String) {
        what = kind.rawValue
        self.text = text
    }

    package var kind: Kind? { Kind(rawValue: what) }
    /// Whether a person can say that the store is right as it is.
    package var isAcceptable: Bool { kind != nil && kind != .halfRestored }
}

/// How much a store held, and where it lay, when it was last known to be right.
package struct StoreBaseline: Hashable, Sendable, Codable {
    package var store: String
    /// Nil when it was not counted.
    package var entries: UInt64?
    package var bytes: UInt64?
    /// Of them without holes and zeros; nil when that was not counted.
    package var dataBytes: UInt64?
    /// Counting was given up at ``entries``: there were more.
    package var isMore: Bool
    /// Of the file system, HDFS or server (``StoreRecord/place``); nil when it is not known.
    package var place: String?
    package var at: Timestamp
    /// What showed it: "the snapshot nightly-3", "the restore of s1".
    package var source: String
    /// Seen when the cluster was made, before any image: any good image knows better. Nil: no.
    package var isFirstLook: Bool?

    package init(_ record: StoreRecord, at instant: Timestamp, source: String) {
        store = record.name
        (entries, bytes, dataBytes) = (record.countedEntries, record.countedBytes, record.dataBytes)
        isMore = record.entriesAtLeast != nil
        place = record.place
        at = instant
        self.source = source
    }

    /// What `cluster init` saw of a store; nil for one that held nothing then, or of which nothing is known.
    package init?(firstLook held: HeldAmount?, of store: String, place: String?, at instant: Timestamp) {
        guard held?.isEmpty != true, held != nil || place != nil else { return nil }
        self.store = store
        (entries, bytes) = (held?.entries, held?.bytes)
        isMore = held?.isMore ?? false
        self.place = place
        at = instant
        source = "what cluster init saw"
        isFirstLook = true
    }
}

/// How much a look at a store has counted, as an image of it would.
package struct HeldAmount: Hashable, Sendable, Codable {
    /// Nil when they are not counted.
    package var entries: UInt64?
    package var bytes: UInt64?
    /// Counting was given up at ``entries``: there are more.
    package var isMore: Bool

    package init(entries: UInt64? = nil, bytes: UInt64? = nil, isMore: Bool = false) {
        self.entries = entries
        self.bytes = bytes
        self.isMore = isMore
    }

    package var isEmpty: Bool { !isMore && (entries ?? 0) == 0 && (bytes ?? 0) == 0 }
}

extension StoreRecord {
    /// Those of a kind that is not told yet.
    package mutating func add(_ more: [StoreDoubt]) {
        let new = more.filter { doubt in !(doubts ?? []).contains { $0.what == doubt.what } }
        if !new.isEmpty { doubts = (doubts ?? []) + new }
    }

    /// Nil when nobody has counted them: not every native image is looked at.
    fileprivate var countedEntries: UInt64? { entriesAtLeast ?? (image == .archived || isCounted ? entries : nil) }
    fileprivate var countedBytes: UInt64? { entriesAtLeast == nil && (image == .archived || isCounted || bytes > 0) ? bytes : nil }
    private var isCounted: Bool { facts[Self.entriesFact] != nil }
    /// The fact under which a store says in one sentence what of it could not be checked at the cut.
    package static let uncheckedFact = "unchecked"
    package var unchecked: String? { facts[Self.uncheckedFact] }
    /// The fact under which a store counts the entries of a native image.
    package static let entriesFact = "entries"
}

/// Compares an image with what the store held when it was last known to be right.
package struct ShrinkRule: Hashable, Sendable {
    package static let usualPercent = 50
    /// Stores of less are small: only when all of it is gone is something wrong.
    package static let fewEntries: UInt64 = 10
    package static let fewBytes: UInt64 = 1 << 20

    /// Less than so many of a hundred entries or bytes being left is told.
    package var percent: Int

    package init(percent: Int = usualPercent) { self.percent = percent }

    package func doubts(about record: StoreRecord, since baseline: StoreBaseline) -> [StoreDoubt] {
        [elsewhere(record, baseline), less(record, baseline)].compactMap { $0 }
    }

    private func elsewhere(_ record: StoreRecord, _ baseline: StoreBaseline) -> StoreDoubt? {
        guard let before = baseline.place, let now = record.place, before != now else { return nil }
        return StoreDoubt(
            .elsewhere, "it lies in another place than in \(baseline.source): \(now), where it was \(before); is everything mounted?")
    }

    private func less(_ record: StoreRecord, _ baseline: StoreBaseline) -> StoreDoubt? {
        guard record.entriesAtLeast == nil else { return nil }
        return fewerEntries(record, baseline) ?? fewerBytes(record, baseline) ?? fewerData(record, baseline)
    }

    /// Files may have their names and lengths, and holes or zeros in the place of what was in them.
    private func fewerData(_ record: StoreRecord, _ baseline: StoreBaseline) -> StoreDoubt? {
        guard let now = record.dataBytes, let before = baseline.dataBytes, before >= Self.fewBytes, isFarLess(now, before) else {
            return nil
        }
        return StoreDoubt(
            now == 0 ? .emptied : .shrunk,
            "\(now == 0 ? "nothing" : ByteCount(now).description) of the \(ByteCount(before)) of data in \(baseline.source) "
                + "\(now == 0 ? "is" : "are") left: files have holes or zeros instead")
    }

    private func fewerEntries(_ record: StoreRecord, _ baseline: StoreBaseline) -> StoreDoubt? {
        guard let now = record.countedEntries, let before = baseline.entries, before > 0 else { return nil }
        let were = (baseline.isMore ? "more than " : "") + counted(before, "entry", "entries")
        if now == 0 { return StoreDoubt(.emptied, "nothing is left of the \(were) in \(baseline.source)") }
        guard before >= Self.fewEntries, isFarLess(now, before) else { return nil }
        return StoreDoubt(.shrunk, "\(grouped(now)) of \(were) in \(baseline.source) are left")
    }

    private func fewerBytes(_ record: StoreRecord, _ baseline: StoreBaseline) -> StoreDoubt? {
        guard let now = record.countedBytes, let before = baseline.bytes, before >= Self.fewBytes else { return nil }
        if now == 0 { return StoreDoubt(.emptied, "nothing is left of the \(ByteCount(before)) in \(baseline.source)") }
        guard isFarLess(now, before) else { return nil }
        return StoreDoubt(.shrunk, "\(ByteCount(now)) of \(ByteCount(before)) in \(baseline.source) are left")
    }

    private func isFarLess(_ now: UInt64, _ before: UInt64) -> Bool { Double(now) < Double(before) * Double(percent) / 100 }
}
