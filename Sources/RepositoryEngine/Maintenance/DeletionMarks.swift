package import Model
import HostIO
import ObjectStorage
package import ResticFormat

/// Packs that a prune wants gone, and since when: the first phase of the two-phase prune. Kept in the folder `holdfast/doomed/` of the
/// repository, which restic passes over.
package struct DeletionMark: Hashable, Sendable {
    let name: ObjectName
    package let marked: Timestamp
    /// Locks that were held when the packs were marked: their holders may build upon these packs. `?` while that is not known.
    package let sessions: Set<String>
    package let packs: [PackID]
}

extension OpenRepository {
    /// All marks. One that cannot be read dooms nothing: its packs simply stay until they are marked again.
    package func deletionMarks() throws -> [DeletionMark] {
        try replacedFiles(in: RepositoryNames.markFolder) { (id: ObjectID<DeletionMark>) in
            let name = RepositoryNames.mark(id)
            return try words(in: name, id: id).flatMap { Self.mark($0, name: name) }
        }
    }

    func writeMark(_ packs: [PackID], sessions: [String], at instant: Timestamp) throws -> ObjectID<DeletionMark> {
        let words = [instant.text, sessions.joined(separator: " ")] + packs.map(\.hex)
        return try files.write(Self.wordFile(words), as: DeletionMark.self, name: RepositoryNames.mark)
    }

    func removeMark(_ mark: DeletionMark) throws {
        try storage.remove(mark.name)
    }

    /// `["<instant>","<sessions, separated by spaces>","<pack id>",…]`
    private static func mark(_ words: [Substring], name: ObjectName) -> DeletionMark? {
        guard words.count >= 2, let marked = Timestamp(text: String(words[0])) else { return nil }
        let sessions = Set(words[1].split(separator: " ").map(String.init))
        return DeletionMark(name: name, marked: marked, sessions: sessions, packs: words.dropFirst(2).compactMap { PackID(hex: $0) })
    }
}
