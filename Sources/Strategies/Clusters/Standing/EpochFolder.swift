import Glibc
package import HostIO
package import Model

/// What a cluster and its standbys know of each other, in a target: `holdfast/epochs/CLUSTER/` beside the repository, which restic passes over.
///
/// - `1`, `2`, …: an ``EpochRecord`` each. A record is written and synced under a name of its own, then gets its number by a rename that
///   replaces nothing, or by a hard link where the file system has no such rename (NFS, SFTP): of any number of tries exactly one has the number,
///   without locks, and it is never there without its content. Who won is read from the record, because an answer can be lost on the way.
/// - `active`: an ``ActiveNotice``. `standbys/INSTALLATION`: a ``StandbyNotice``.
package struct EpochFolder: Sendable {
    private let target: String
    private let path: String
    private let host: Host

    /// `target`: its path; `cluster`: the cluster's id.
    package init(target: String, cluster: String, host: Host) {
        self.target = target
        path = "\(target)/holdfast/epochs/\(cluster)"
        self.host = host
    }

    private var standbys: String { "\(path)/standbys" }

    /// A share that is not mounted looks like an empty directory, and must not be taken for a target without epochs.
    private func checkMounted() throws {
        guard try statusOfPath("\(target)/config") != nil else {
            throw Failure(.storage, "there is no repository at \(target)", hint: "mount the disk or share, then run the command again")
        }
    }

    // MARK: Epochs

    /// The record with the highest number; nil when there is none. Throws when the target cannot be read.
    package func newest() throws -> EpochRecord? {
        try checkMounted()
        guard var number = try names(in: path).compactMap({ UInt64($0) }).max() else { return try record(1) }
        // A listing may come from the cache of a mount; a name that was never looked up does not.
        while let next = try record(number + 1) { number = next.epoch }
        return try record(number)
    }

    private func record(_ number: UInt64) throws -> EpochRecord? { try read(EpochRecord.self, "\(path)/\(number)", "epoch record") }

    /// Makes `record` the newest. Nil when it is; otherwise the one that was first. Repeated with the same token it gives the same answer.
    package func raise(_ record: EpochRecord) throws -> EpochRecord? {
        if let there = try newest(), there.epoch >= record.epoch {
            return try self.record(record.epoch)?.token == record.token && there.epoch == record.epoch ? nil : there
        }
        try make(path)
        let modes = try modes()
        let folder = try Descriptor.openDirectory(path)
        let temporary = Array(".claim-\(host.randomHex(bytes: 12))".utf8)
        let name = Array("\(record.epoch)".utf8)
        defer { try? folder.remove(temporary) }
        try fill(temporary, with: NoticeCodec.encode(record, "epoch record"), mode: modes.file, in: folder)
        let refusal = place(temporary, as: name, in: folder)
        try folder.sync()
        guard let there = try self.record(record.epoch) else {
            throw Failure(
                .refused, "the epoch cannot be raised in \(target): its file system neither renames without replacing nor makes hard links",
                hint: "put the target on a file system that does one of them, as NFS, SMB and SFTP do", cause: refusal?.description)
        }
        return there.token == record.token ? nil : there
    }

    private func fill(_ name: [UInt8], with bytes: [UInt8], mode: UInt32, in folder: borrowing Descriptor) throws {
        let file = try folder.open(name, [.write, .createNew], mode: mode)
        try file.takeOwner(of: folder)
        try file.setModeWhereThereAreModes(mode)
        try file.write(bytes)
        try file.sync()
        try file.close()
    }

    /// Gives the error, whose cause can be that somebody was first.
    private func place(_ temporary: [UInt8], as name: [UInt8], in folder: borrowing Descriptor) -> SystemError? {
        do throws(SystemError) {
            try folder.renameWithoutReplacing(temporary, to: name, in: folder)
            return nil
        } catch { if !error.isUnsupported { return error } }
        do throws(SystemError) {
            try folder.link(temporary, to: name, in: folder)
            return nil
        } catch { return error }
    }

    // MARK: Notices

    package func active() throws -> (notice: ActiveNotice, fileTime: Timestamp)? {
        try checkMounted()
        let file = "\(path)/active"
        guard let notice = try read(ActiveNotice.self, file, "notice"), let status = try statusOfPath(file) else { return nil }
        return (notice, status.modified)
    }

    package func publish(_ notice: ActiveNotice) throws {
        try checkMounted()
        try make(path)
        try AtomicFile.write(NoticeCodec.encode(notice, "notice"), to: "\(path)/active", mode: try modes().file)
    }

    package func standbyNotices() throws -> [StandbyNotice] {
        try checkMounted()
        return try names(in: standbys).sorted().compactMap { try read(StandbyNotice.self, "\(standbys)/\($0)", "notice") }
    }

    package func standbyNotice(of member: String) throws -> StandbyNotice? {
        try checkMounted()
        return try read(StandbyNotice.self, "\(standbys)/\(member)", "notice")
    }

    package func register(_ notice: StandbyNotice) throws {
        try checkMounted()
        try make(standbys)
        try AtomicFile.write(NoticeCodec.encode(notice, "notice"), to: "\(standbys)/\(notice.member)", mode: try modes().file)
    }

    package func unregister(_ member: String) throws {
        try checkMounted()
        guard try statusOfPath("\(standbys)/\(member)") != nil else { return }
        let folder = try Descriptor.openDirectory(standbys)
        try folder.remove(Array(member.utf8))
        try folder.sync()
    }

    /// The target's clock: the time of a file that is made there now.
    package func clock() throws -> Timestamp {
        try checkMounted()
        try make(path)
        let folder = try Descriptor.openDirectory(path)
        let name = Array(".clock-\(host.randomHex(bytes: 12))".utf8)
        defer { try? folder.remove(name) }
        try fill(name, with: [0x0A], mode: try modes().file, in: folder)
        return try folder.status(of: name).modified
    }

    // MARK: Files

    private func names(in folder: String) throws -> [String] {
        do throws(SystemError) {
            return try Descriptor.openDirectory(folder).entries().map { FileName.text($0.name) }.filter { !$0.hasPrefix(".") }
        } catch {
            if error.isNotFound { return [] }
            throw error
        }
    }

    private func read<Value: Decodable>(_: Value.Type, _ file: String, _ what: String) throws -> Value? {
        do {
            guard let json = try AtomicFile.readIfPresent(file, limit: 8 << 20) else { return nil }
            return try NoticeCodec.decode(Value.self, json, what, at: file)
        } catch let error as SystemError where error.isNotFound { return nil }
    }

    private func make(_ folder: String) throws { try makeDirectories(folder, mode: try modes().directory) }

    /// As open to the group and to others as the target itself: the hosts need not have the same users.
    private func modes() throws -> (directory: UInt32, file: UInt32) {
        let permissions = (try statusOfPath(target)?.permissions ?? 0o700) & 0o777
        return (permissions | 0o700, permissions & 0o666 | 0o600)
    }
}
