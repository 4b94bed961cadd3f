import Glibc
import HostIO

/// Notes of deletions for the day when there is room for no other note: a file in `state` that is as long as it will ever be, into which ids are written in
/// place. A full file system takes that, because nothing grows; where blocks are copied when they are written (btrfs), this file's are not.
///
/// Whoever changes it holds the lock of the memories.
struct DeletionJournal {
    static let name = "deletions"
    /// 64 hex digits and a line feed.
    private static let recordBytes = 65
    private static let records = 1000
    private static let blank = [UInt8](repeating: 0x20, count: recordBytes - 1) + [0x0A]

    let state: StateDirectory

    /// Hex ids of snapshots, as far as they are noted.
    func ids() throws -> Set<String> {
        guard let folder = try state.folder(), let bytes = try Self.content(in: folder.descriptor) else { return [] }
        let lines = bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        return Set(lines.filter { $0.utf8.count == Self.recordBytes - 1 && !$0.hasPrefix(" ") })
    }

    /// Durably; false where there is no such file, or it has no room left.
    func note(_ ids: Set<String>) throws -> Bool {
        guard let folder = try state.folder(), let bytes = try Self.content(in: folder.descriptor) else { return false }
        let free = stride(from: 0, to: bytes.count - Self.recordBytes + 1, by: Self.recordBytes).first { bytes[$0] == 0x20 }
        guard let free, bytes.count - free >= ids.count * Self.recordBytes else { return false }
        return try Self.write(ids.sorted().flatMap { Array("\($0)\n".utf8) }, at: free, in: folder.descriptor)
    }

    /// After all of it stands in the memories.
    func clear() throws {
        guard let folder = try state.folder(), let bytes = try Self.content(in: folder.descriptor) else { return }
        let used = bytes.count / Self.recordBytes
        _ = try Self.write((0..<used).flatMap { _ in Self.blank }, at: 0, in: folder.descriptor)
    }

    /// Makes the file where there is none, as long as there is room. Where it cannot be made, deletions on a full disk are noted when that has room.
    func prepare() {
        guard let folder = try? state.folder() else { return }
        let name = Array(Self.name.utf8)
        guard (try? folder.descriptor.statusIfPresent(of: name)) == .some(nil) else { return }
        do throws(SystemError) {
            let file = try folder.descriptor.open(name, [.write, .createNew])
            try file.takeOwner(of: folder.descriptor)
            // Only while it is empty; elsewhere than on btrfs there is no such thing.
            if let flags = try? file.inodeFlags() { try? file.setInodeFlags(flags.union(.noCopyOnWrite)) }
            try file.write((0..<Self.records).flatMap { _ in Self.blank })
            try file.sync()
            try folder.descriptor.sync()
        } catch { try? folder.descriptor.remove(name) }
    }

    private static func content(in folder: borrowing Descriptor) throws(SystemError) -> [UInt8]? {
        guard let bytes = try AtomicFile.readIfPresent(name, in: folder, limit: records * recordBytes) else { return nil }
        return bytes.count == records * recordBytes ? bytes : nil
    }

    private static func write(_ bytes: [UInt8], at offset: Int, in folder: borrowing Descriptor) throws(SystemError) -> Bool {
        do throws(SystemError) {
            let file = try folder.open(Array(name.utf8), [.write])
            var failure: SystemError?
            bytes.withUnsafeBytes { buffer in
                do throws(SystemError) { try file.write(buffer, at: Int64(offset)) } catch { failure = error }
            }
            if let failure { throw failure }
            try file.sync()
            return true
        } catch {
            guard error.isNoSpace else { throw error }
            return false
        }
    }
}
