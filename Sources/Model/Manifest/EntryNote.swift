/// What can happen to an entry of a store while its image is made or read. In the order in which people are told.
package enum EntryFlaw: String, Hashable, Sendable, Codable, CaseIterable {
    /// It is not in the image: no right to read it, or the disk gives nothing.
    case unreadable
    /// A database that was written to while it was read as a file: the image of it may be torn.
    case inUse
    /// It was open for writing: the image holds what was there, without its end.
    case open
    /// It is in the image without an attribute, an ACL or an owner that could not be read.
    case metadata
    /// It was written to while it was read: the image of it is a mixture.
    case changed
    /// It went between the listing and the reading.
    case vanished
    /// It is not stored, on purpose.
    case leftOut
}

/// How many entries of an image one thing happened to, and which they were.
package struct EntryNote: Hashable, Sendable, Codable {
    /// Names kept of one kind.
    package static let mostNamed = 20

    /// A raw value of ``EntryFlaw``, or one that a newer program knows.
    package var what: String
    package var count: Int
    /// The first of them as lines for people: `a/b: permission denied`.
    package var first: [String]

    package init(_ flaw: EntryFlaw, count: Int, first: [String]) { self.init(what: flaw.rawValue, count: count, first: first) }

    package init(what: String, count: Int, first: [String]) {
        self.what = what
        self.count = count
        self.first = Array(first.prefix(Self.mostNamed))
    }

    /// What nobody here knows counts as missing.
    package var flaw: EntryFlaw { EntryFlaw(rawValue: what) ?? .unreadable }
}

extension [EntryNote] {
    /// Both, kind by kind, in the order of ``EntryFlaw``.
    package func merged(with others: [EntryNote]) -> [EntryNote] {
        var byKind: [String: EntryNote] = [:]
        for note in self + others {
            guard let known = byKind[note.what] else {
                byKind[note.what] = note
                continue
            }
            byKind[note.what] = EntryNote(what: note.what, count: known.count.addingSaturated(note.count), first: known.first + note.first)
        }
        let order = EntryFlaw.allCases.map(\.rawValue)
        return byKind.values.sorted { (order.firstIndex(of: $0.what) ?? 0, $0.what) < (order.firstIndex(of: $1.what) ?? 0, $1.what) }
    }
}
