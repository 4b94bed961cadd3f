/// What a restore would do to one store.
package struct StoreChanges: Hashable, Sendable, Codable {
    package var store: String
    package var created: Int
    package var replaced: Int
    package var deleted: Int
    package var metadataOnly: Int
    /// Entries that an interrupted restore left, to be removed.
    package var leftOvers: Int
    package var unchanged: Int
    package var bytesToWrite: UInt64
    package var bytesFreed: UInt64
    /// What the store as it is would add to a safety snapshot at most, before compression; nil when that cannot be told.
    package var bytesToSave: UInt64?
    /// Lines for people: "delete reports/2026.csv".
    package var examples: [String]
    /// What was written in it after the cut is lost; nil when nothing is, or when it cannot be told.
    package var loss: LossWindow?
    /// There is nothing in the store yet.
    package var intoEmpty: Bool
    /// The place of the store is not there and is made, also when there is nothing to be put into it.
    package var makesPlace: Bool
    /// Entries of the store that cannot be looked at; they stay as they are, with all in them.
    package var unexamined: Int
    /// What a person should know before the restore begins: places outside of the store's own that are written to, what the image would have run.
    package var cautions: [String] = []
    /// Entries of the store that the image is known to lack; they stay as they are.
    package var spared: Int
    /// Entries that get rights which they do not have now.
    package var privileged: PrivilegedEntries

    package init(
        store: String, created: Int = 0, replaced: Int = 0, deleted: Int = 0, metadataOnly: Int = 0, leftOvers: Int = 0, unchanged: Int = 0,
        bytesToWrite: UInt64 = 0, bytesFreed: UInt64 = 0, bytesToSave: UInt64? = 0, examples: [String] = [], loss: LossWindow? = nil,
        intoEmpty: Bool = false, makesPlace: Bool = false, unexamined: Int = 0, spared: Int = 0,
        privileged: PrivilegedEntries = PrivilegedEntries()
    ) {
        self.store = store
        self.created = created
        self.replaced = replaced
        self.deleted = deleted
        self.metadataOnly = metadataOnly
        self.leftOvers = leftOvers
        self.unchanged = unchanged
        self.bytesToWrite = bytesToWrite
        self.bytesFreed = bytesFreed
        self.bytesToSave = bytesToSave
        self.examples = examples
        self.loss = loss
        self.intoEmpty = intoEmpty
        self.makesPlace = makesPlace
        self.unexamined = unexamined
        self.spared = spared
        self.privileged = privileged
    }

    package var isEmpty: Bool { !makesPlace && hasSameEntries }

    private var hasSameEntries: Bool { created + replaced + deleted + metadataOnly + leftOvers + unexamined == 0 }

    private var sparedText: String { spared == 0 ? "" : "; \(grouped(spared)) that the image lacks \(spared == 1 ? "stays" : "stay")" }

    /// "3 created, 1 replaced, 2 deleted; 4.2 MB to write", "nothing differs".
    package var text: String {
        if isEmpty { return intoEmpty ? "empty, stays empty" : "nothing differs" + sparedText }
        if hasSameEntries { return "its place is made, empty" }
        let counts = [
            (created, "created"), (replaced, "replaced"), (deleted, "deleted"), (metadataOnly, "changed in metadata"),
            (leftOvers, "left by an interrupted restore"), (unexamined, "that cannot be looked at"),
        ]
        let parts = counts.filter { $0.0 > 0 }.map { "\(grouped($0.0)) \($0.1)" }
        return parts.joined(separator: ", ") + "; \(ByteCount(bytesToWrite)) to write" + sparedText
    }
}

/// The stretch of time whose changes a restore throws away.
package struct LossWindow: Hashable, Sendable, Codable {
    /// The cut of the snapshot.
    package var from: Timestamp
    /// The newest change in the store.
    package var to: Timestamp

    /// Nil when the store did not change after the cut.
    package init?(from: Timestamp, to: Timestamp) {
        guard to > from else { return nil }
        self.from = from
        self.to = to
    }

    package var seconds: Double { to.secondsSince(from) }

    /// "changes of 4 minutes 12, up to 2026-11-23 17:50:00 UTC".
    package var text: String { "changes of \(DurationText.spoken(seconds: seconds)), up to \(to.readable)" }
}
