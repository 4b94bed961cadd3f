import HostIO
import Model
import ObjectStorage
package import ResticFormat

/// Snapshots that a Holdfast has deleted, or is about to: so that another installation of the same cluster does not take it for the work of somebody else.
/// Kept in the folder `holdfast/forgotten/` of the repository, which restic passes over. Sealed as snapshot files are, so that only who has the password makes
/// one; and since no snapshot ever gets the id of another, an old one says nothing wrong.
struct ForgottenNote {
    /// Ids that are remembered; older ones are not.
    static let most = 1000
    /// The first word of such a file, which no other kind of file begins with.
    static let mark = "forgotten"

    let name: ObjectName
    let entries: [(id: SnapshotID, at: Timestamp)]
}

extension OpenRepository {
    /// Ids of snapshots that some Holdfast has deleted. A note that cannot be read says nothing.
    package func forgottenSnapshots() throws -> Set<SnapshotID> { Set(try forgottenNotes().flatMap(\.entries).map(\.id)) }

    /// Called before the snapshots are removed. Joins what notes there are into one.
    package func noteForgotten(_ ids: [SnapshotID]) throws {
        let old = try forgottenNotes()
        let now = host.clock.now()
        var instants = Dictionary(old.flatMap(\.entries).map { ($0.id, $0.at) }) { max($0, $1) }
        for id in ids { instants[id] = now }
        let newest = instants.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.suffix(ForgottenNote.most)
        let words = [ForgottenNote.mark] + newest.map { "\($0.key.hex) \($0.value.text)" }
        let new = try files.write(Self.wordFile(words), as: ForgottenNote.self, name: RepositoryNames.forgotten)
        for note in old where note.name != RepositoryNames.forgotten(new) { try storage.remove(note.name) }
    }

    private func forgottenNotes() throws -> [ForgottenNote] {
        try replacedFiles(in: RepositoryNames.forgottenFolder) { (id: ObjectID<ForgottenNote>) in
            let name = RepositoryNames.forgotten(id)
            guard let words = try words(in: name, id: id), words.first.map(String.init) == ForgottenNote.mark else { return nil }
            return ForgottenNote(name: name, entries: words.dropFirst().compactMap(Self.forgotten))
        }
    }

    /// `<id> <instant>`
    private static func forgotten(_ word: Substring) -> (id: SnapshotID, at: Timestamp)? {
        let parts = word.split(separator: " ")
        guard parts.count == 2, let id = SnapshotID(hex: parts[0]), let instant = Timestamp(text: String(parts[1])) else { return nil }
        return (id, instant)
    }
}
