/// What the catalogue remembers of a backup in a target, so that one can tell how old the newest is without opening the repository.
package struct BackupNote: Hashable, Sendable, Codable {
    /// Those of one target that are remembered.
    package static let most = 50

    /// Name of the target.
    package var target: String
    /// Hex.
    package var id: String
    package var cut: Timestamp
    /// It is what it should be, as far as is known.
    package var isGood: Bool
    /// Nothing of it is left out but what can be loaded again.
    package var keepsContent: Bool

    package init(target: String, id: String, cut: Timestamp, isGood: Bool, keepsContent: Bool) {
        self.target = target
        self.id = id
        self.cut = cut
        self.isGood = isGood
        self.keepsContent = keepsContent
    }
}

extension Catalogue {
    /// Those in a target that what users have made can be had from, the newest first.
    package func usableBackups(in target: String) -> [BackupNote] {
        backupNotes.filter { $0.target == target && $0.isGood && $0.keepsContent }.sorted { $0.cut > $1.cut }
    }

    /// Whether anything was ever noted of the target.
    package func hasNotes(of target: String) -> Bool { backupNotes.contains { $0.target == target } }

    /// Of one that is known, this is what counts from now on.
    package mutating func note(_ backup: BackupNote) {
        var notes = backupNotes.filter { $0.target != backup.target || $0.id != backup.id } + [backup]
        let own = notes.filter { $0.target == backup.target }
        if own.count > BackupNote.most, let oldest = own.min(by: { $0.cut < $1.cut }) { notes.removeAll { $0 == oldest } }
        backupNotes = notes
    }

    mutating func noteQuality(_ isGood: Bool, of id: String) {
        for index in backupNotes.indices where backupNotes[index].id == id { backupNotes[index].isGood = isGood }
    }

    /// Backups that were removed.
    package mutating func forgetBackups(_ ids: Set<String>) { backupNotes.removeAll { ids.contains($0.id) } }
}

extension Manifest {
    /// Nothing is left out but what can be loaded again.
    package var keepsContent: Bool { stores.allSatisfy { $0.extent != .structure || $0.role == .data } }
}
