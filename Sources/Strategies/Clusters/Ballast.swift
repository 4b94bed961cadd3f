import HostIO
import Model
import ObjectStorage
import RepositoryEngine

/// Room that a repository keeps for the day when its place is full: whatever frees room first writes a lock, marks and new indexes, and
/// writes a pack anew of which something is still needed.
///
/// Objects of random bytes in `holdfast/ballast/`, which restic passes over: nothing compresses them, and there are many, because a place
/// can be out of inodes or, btrfs, of room for metadata, too.
struct Ballast {
    private static let folder = "holdfast/ballast"
    /// 24 MiB: the largest pack, its last blob, and what goes with them.
    private static let least: UInt64 = 24 << 20
    /// The part of the room there is that it may take.
    private static let share: UInt64 = 16
    /// More bytes of indexes than this count for nothing: 25 million blobs. What a listing says of sizes, anybody who writes in the place has chosen.
    private static let mostIndexes: UInt64 = 1 << 30

    let storage: any ObjectStorage
    let pieceBytes: UInt64
    let host: Host

    /// 24 MiB, or as much as the indexes, which a prune writes anew before the old ones go, and half of it again; less where little room is
    /// left. `room`: bytes free, what the ballast has already included; nil where the place cannot tell.
    static func pieces(of pieceBytes: UInt64, indexBytes: UInt64, room: UInt64?) -> Int {
        let needed = (min(indexBytes, mostIndexes) / 2 * 3 + pieceBytes - 1) / pieceBytes
        let wanted = max(Int(clamping: least / pieceBytes), Int(clamping: needed))
        return room.map { min(wanted, Int(clamping: $0 / share / pieceBytes)) } ?? wanted
    }

    func bytes() throws(StorageError) -> UInt64 { try pieces().saturatedSum(\.size) }

    /// Those that are there; other names are somebody else's.
    private func pieces() throws(StorageError) -> [ObjectEntry] {
        let beginning = "\(Self.folder)/"
        return try storage.list(Self.folder).filter { Int($0.name.text.dropFirst(beginning.count)) != nil }
    }

    /// Makes what is missing of it; of less when a signal asks the program to end.
    func fill() throws(StorageError) {
        let there = try pieces()
        let free = try storage.space()?.free
        let indexes = try storage.indexBytes()
        let names = Set(there.map(\.name))
        let room = free.map { there.reduce($0) { $0.addingSaturated($1.size) } }
        for piece in 0..<Self.pieces(of: pieceBytes, indexBytes: indexes, room: room) {
            if EndingSignals.isAsked { return }
            let name = ObjectName(known: "\(Self.folder)/\(piece)")
            if !names.contains(name) { try storage.write(name, host.randomBytes(Int(pieceBytes))) }
        }
    }

    /// Lets `count` pieces go, or as many as there are. False when there is none.
    func giveUp(_ count: Int) throws(StorageError) -> Bool {
        let there = try pieces()
        for piece in there.prefix(count) { try storage.remove(piece.name) }
        return !there.isEmpty
    }
}
