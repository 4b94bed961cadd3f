/// What the catalogue remembers of a backup in a target, so that one can tell how old the newest is without opening the repository.
package struct BackupNote: Hashable, Sendable, Codable {
    /// What somebody has found out about a backup by reading it.
    package struct Damage: Hashable, Sendable, Codable {
        /// Of the backup.
        package var name: String
        package var at: Timestamp
        /// Who found it and what, for people: "its drill failed: accounts: …".
        package var words: String

        package init(name: String, at instant: Timestamp, words: String) {
            self.name = name
            at = instant
            self.words = words
        }
    }

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
    /// Paths of the stores that are in it, by their names; nil in a note of before they were noted.
    package var stores: [String: String]?
    /// It cannot be restored as it should be; nil when nobody has found that.
    package var damage: Damage?

    package init(target: String, id: String, cut: Timestamp, isGood: Bool, keepsContent: Bool, stores: [String: String]? = nil) {
        self.stores = stores
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
        backupNotes.filter { $0.target == target && $0.isGood && $0.keepsContent && $0.damage == nil }.sorted { $0.cut > $1.cut }
    }

    /// Those in a target that are known to be damaged, the newest first.
    package func damagedBackups(in target: String) -> [BackupNote] {
        backupNotes.filter { $0.target == target && $0.damage != nil }.sorted { $0.cut > $1.cut }
    }

    /// What a reading of a backup has shown; nil: that it is sound. One that is not remembered is not noted.
    package mutating func noteDamage(_ damage: BackupNote.Damage?, of id: String, in target: String) {
        for index in backupNotes.indices where backupNotes[index].id == id && backupNotes[index].target == target {
            backupNotes[index].damage = damage
        }
    }

    /// Whether anything was ever noted of the target.
    package func hasNotes(of target: String) -> Bool { backupNotes.contains { $0.target == target } }

    /// Of one that is known, this is what counts from now on.
    package mutating func note(_ backup: BackupNote) {
        var backup = backup
        backup.damage = backup.damage ?? backupNotes.first { $0.target == backup.target && $0.id == backup.id }?.damage
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

extension BackupNote {
    /// Whether the store, at the path that it has now, is in it; so it counts where that was not noted.
    package func holds(_ store: StoreDeclaration) -> Bool { stores.map { $0[store.name] == store.path } ?? true }
}

extension Manifest {
    /// Nothing is left out but what can be loaded again.
    package var keepsContent: Bool { stores.allSatisfy { $0.extent != .structure || $0.role == .data } }
}
