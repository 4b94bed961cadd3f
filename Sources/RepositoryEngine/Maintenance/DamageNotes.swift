import ObjectStorage
import ResticFormat

/// Packs that were found damaged inside by whoever read them: nothing in a listing shows it, and reading everything before each backup
/// would cost too much. Kept in the folder `holdfast/damaged/` of the repository, which restic passes over.
struct DamageNote: Hashable, Sendable {
    let name: ObjectName
    let packs: [PackID]
}

extension OpenRepository {
    /// Packs that were found damaged inside and have not been found whole since. What such a pack holds is read as far as it goes and not
    /// built upon; a check reads it again, a prune moves out of it what is still needed.
    func packsNotedDamaged() throws -> Set<PackID> { Set(try damageNotes().flatMap(\.packs)) }

    /// Notes the packs that a check found damaged inside, so that the next backup stores again what they hold, and takes out those that it
    /// read and found whole. A place that cannot be written keeps no notes.
    package func note(_ report: CheckReport) throws {
        do {
            try changeNotes(adding: report.packsDamagedInside, removing: report.packsProven)
        } catch let error as StorageError where Self.forbidsWriting(error) {}
    }

    /// The new note stands before the old ones go: a crash between the two leaves a pack noted twice. Of two who do this at once neither
    /// takes away what the other adds, because each removes only what it has read.
    func changeNotes(adding added: Set<PackID>, removing removed: Set<PackID>) throws {
        let notes = try damageNotes()
        let old = Set(notes.flatMap(\.packs))
        let new = old.subtracting(removed).union(added)
        guard new != old else { return }
        if !new.isEmpty {
            let words = new.sorted().map(\.hex)
            _ = try files.write(Self.wordFile(words), as: DamageNote.self, name: RepositoryNames.damage)
        }
        for note in notes { try storage.remove(note.name) }
    }

    /// One that cannot be read says nothing: the next reading finds the damage again.
    private func damageNotes() throws -> [DamageNote] {
        try replacedFiles(in: RepositoryNames.damageFolder) { (id: ObjectID<DamageNote>) in
            let name = RepositoryNames.damage(id)
            return try words(in: name, id: id).map { DamageNote(name: name, packs: $0.compactMap { PackID(hex: $0) }) }
        }
    }
}
