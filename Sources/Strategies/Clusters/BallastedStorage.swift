import HostIO
import Model
import ObjectStorage
import Synchronization

/// A storage that gives its ballast up for a write that finds no room, while something that frees room is at work; at other times such a
/// write fails, or the ballast would be spent on what fills the place.
final class BallastedStorage: ObjectStorage {
    private let base: any ObjectStorage
    private let ballast: Ballast
    /// Works that free room.
    private let works = Mutex(0)

    /// `objectSize`: see `StoragePlace`.
    init(_ base: any ObjectStorage, objectSize: Int, host: Host) {
        self.base = base
        ballast = Ballast(storage: base, pieceBytes: UInt64(objectSize / 32), host: host)
    }

    var isGivingUp: Bool { works.withLock { $0 > 0 } }

    /// Between ``beginFreeing()`` and ``endFreeing()`` the ballast may go.
    func beginFreeing() { works.withLock { $0 += 1 } }

    func endFreeing() {
        works.withLock { $0 -= 1 }
        keepBallast()
    }

    /// Makes what is missing of the ballast where there is room. Whatever goes wrong with that is no failure of who asks.
    func keepBallast() { try? ballast.fill() }

    func ballastBytes() throws(StorageError) -> UInt64 { try ballast.bytes() }

    /// A piece of it, for room that is needed beside the objects, on the same file system. False when there is none.
    func giveBallastUp() throws(StorageError) -> Bool { try ballast.giveUp(1) }

    /// As many pieces go as the bytes need, and when that was not enough, twice as many, down to the last.
    private func findingRoom(for parts: [UnsafeRawBufferPointer], _ body: () throws(StorageError) -> Void) throws(StorageError) {
        var pieces = parts.saturatedSum(\.count) / Int(ballast.pieceBytes) + 1
        while true {
            do throws(StorageError) { return try body() } catch {
                guard error.kind == .noSpace, isGivingUp, try ballast.giveUp(pieces) else { throw error }
                pieces *= 2
            }
        }
    }

    var location: String { base.location }

    func list(_ folder: String) throws(StorageError) -> [ObjectEntry] { try base.list(folder) }
    func holdsFolder(_ folder: String) throws(StorageError) -> Bool? { try base.holdsFolder(folder) }
    func strays(in folder: String) throws(StorageError) -> [String] { try base.strays(in: folder) }
    func size(of name: ObjectName) throws(StorageError) -> UInt64? { try base.size(of: name) }
    func remove(_ name: ObjectName) throws(StorageError) { try base.remove(name) }
    func space() throws(StorageError) -> StorageSpace? { try base.space() }

    func read(_ name: ObjectName, from offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) {
        try base.read(name, from: offset, into: buffer)
    }

    func write(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        try findingRoom(for: parts) { () throws(StorageError) in try base.write(name, parts) }
    }

    func replace(_ name: ObjectName, _ parts: [UnsafeRawBufferPointer]) throws(StorageError) {
        try findingRoom(for: parts) { () throws(StorageError) in try base.replace(name, parts) }
    }
}
