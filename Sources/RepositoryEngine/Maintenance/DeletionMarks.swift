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
    ///
    /// Looks again when the folder changes meanwhile: a mark is replaced by writing the new one first, so between a listing and the reading
    /// of it its packs can be in neither.
    package func deletionMarks() throws -> [DeletionMark] {
        var known: [ObjectID<DeletionMark>: DeletionMark?] = [:]
        var ids = Set(try storage.ids(in: RepositoryNames.markFolder, naming: DeletionMark.self))
        for _ in 0..<64 {
            for id in ids where known[id] == nil { known[id] = .some(try readMark(id)) }
            let again = Set(try storage.ids(in: RepositoryNames.markFolder, naming: DeletionMark.self))
            if again == ids { break }
            ids = again
        }
        return ids.sorted().compactMap { known[$0] ?? nil }
    }

    private func readMark(_ id: ObjectID<DeletionMark>) throws -> DeletionMark? {
        let name = RepositoryNames.mark(id)
        do {
            return Self.decodeMark(try files.read(name, id: id), name: name)
        } catch let error as StorageError where error.kind == .notFound || error.kind == .truncated {
            return nil
        } catch let error where error is RepositoryError || error is FormatError {
            return nil
        }
    }

    func writeMark(_ packs: [PackID], sessions: [String], at instant: Timestamp) throws -> ObjectID<DeletionMark> {
        let items = [instant.text, sessions.joined(separator: " ")] + packs.map(\.hex)
        return try files.write(Array("[\"\(items.joined(separator: "\",\""))\"]".utf8), as: DeletionMark.self, name: RepositoryNames.mark)
    }

    func removeMark(_ mark: DeletionMark) throws {
        try storage.remove(mark.name)
    }

    /// `["<instant>","<sessions, separated by spaces>","<pack id>",…]`
    private static func decodeMark(_ json: [UInt8], name: ObjectName) -> DeletionMark? {
        let text = String(decoding: json, as: UTF8.self)
        guard text.hasPrefix("[\""), text.hasSuffix("\"]") else { return nil }
        let items = text.dropFirst(2).dropLast(2).components(separatedBy: "\",\"")
        guard items.count >= 2, let marked = Timestamp(text: items[0]) else { return nil }
        let sessions = Set(items[1].split(separator: " ").map(String.init))
        return DeletionMark(name: name, marked: marked, sessions: sessions, packs: items.dropFirst(2).compactMap { PackID(hex: $0) })
    }
}

extension Substring {
    fileprivate func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = self
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
