import ObjectStorage
import ResticFormat

extension OpenRepository {
    /// The files of a folder in which a file is replaced by writing the new one first and then removing the old one (locks, deletion marks,
    /// notes of damage): between a listing and the reading of it such a file can be in neither, so this looks again until the folder
    /// stays as it is. `read` gives nil for a file that is gone or unreadable.
    func replacedFiles<Named, Value>(in folder: String, _ read: (ObjectID<Named>) throws -> Value?) throws -> [Value] {
        var known: [ObjectID<Named>: Value?] = [:]
        var ids = Set(try storage.ids(in: folder, naming: Named.self))
        for _ in 0..<64 {
            for id in ids where known[id] == nil { known[id] = .some(try read(id)) }
            let again = Set(try storage.ids(in: folder, naming: Named.self))
            if again == ids { break }
            ids = again
        }
        return ids.sorted().compactMap { known[$0] ?? nil }
    }

    /// The words of a file of ``wordFile(_:)``; nil when it is gone or unreadable.
    func words<Named>(in name: ObjectName, id: ObjectID<Named>) throws -> [Substring]? {
        do {
            let text = String(decoding: try files.read(name, id: id), as: UTF8.self)
            guard text.hasPrefix("[\""), text.hasSuffix("\"]") else { return nil }
            return text.dropFirst(2).dropLast(2).split(separator: "\",\"", omittingEmptySubsequences: false)
        } catch let error as StorageError where error.isDamage {
            return nil
        } catch let error where error is RepositoryError || error is FormatError {
            return nil
        }
    }

    /// `["word","word",…]`, of words that need no quoting.
    static func wordFile(_ words: [String]) -> [UInt8] { Array("[\"\(words.joined(separator: "\",\""))\"]".utf8) }
}
