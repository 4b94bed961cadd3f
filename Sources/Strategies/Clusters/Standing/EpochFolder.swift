import Glibc
package import HostIO
package import Model

/// What a cluster and its standbys know of each other, in a target: `holdfast/epochs/CLUSTER/` beside the repository, which restic passes over.
///
/// - `1`, `2`, …: an ``EpochRecord`` each. A record is written and synced under a name of its own, then gets its number by a rename that
///   replaces nothing, or by a hard link where the file system has no such rename (NFS, SFTP): of any number of tries exactly one has the number,
///   without locks, and it is never there without its content. Who won is read from the record, because an answer can be lost on the way.
/// - `active`: an ``ActiveNotice``. `standbys/INSTALLATION`: a ``StandbyNotice``.
///
/// Each is signed with the repository's key (``SignedNotice``). What is not, or lies in another place than it was signed for, is as good as not there.
package struct EpochFolder: Sendable {
    /// Unsigned records that are named; the others are counted.
    private static let mostWords = 2

    private let target: String
    private let cluster: String
    private let host: Host
    private let files: NoticeFiles
    private let standbys: NoticeFiles
    private let key: @Sendable () throws -> NoticeKey

    /// `target`: its path; `cluster`: the cluster's id; `key`: of the repository there, asked for when there is something to prove or to sign.
    package init(target: String, cluster: String, host: Host, key: @escaping @Sendable () throws -> NoticeKey) {
        self.target = target
        self.cluster = cluster
        self.host = host
        self.key = key
        files = NoticeFiles(target: target, components: ["holdfast", "epochs", cluster])
        standbys = NoticeFiles(target: target, components: files.components + ["standbys"])
    }

    /// Everything that is there.
    package struct Look: Sendable {
        package var newest: EpochRecord?
        package var active: ActiveNotice?
        package var standbys: [StandbyNotice] = []
        /// What lies there and counts for nothing, in words.
        package var doubts: [String] = []
        /// Numbers of records that are not signed, above the newest that is.
        package var unsigned: [UInt64] = []
    }

    /// Throws when the target cannot be read, or its repository not be opened although something lies there.
    package func look() throws -> Look {
        var look = Look()
        guard let folder = try files.open() else { return look }
        let names = try files.names(in: folder.descriptor)
        look.doubts += names.filter { EpochNumber.parse($0) == nil && $0 != "active" && $0 != "standbys" }.map { strange($0, files) }
        look.newest = try newest(among: names, in: folder.descriptor, &look)
        if names.contains("active") {
            switch try activeNotice(in: folder.descriptor) {
            case .signed(let notice, _): look.active = notice
            case .refused(let why): look.doubts.append(why)
            case .absent: break
            }
        }
        do { try lookAtStandbys(&look) } catch let failure as Failure where failure.code == .damaged { look.doubts.append(failure.summary) }
        return look
    }

    private func strange(_ name: String, _ files: NoticeFiles) -> String {
        "\(printable("\(files.path)/\(name)", limit: 300)) has a name that is none of Holdfast's"
    }

    // MARK: Epochs

    /// The signed record with the highest number; nil when there is none. Throws when the target cannot be read.
    package func newest() throws -> EpochRecord? {
        guard let folder = try files.open() else { return nil }
        var look = Look()
        return try newest(among: files.names(in: folder.descriptor), in: folder.descriptor, &look)
    }

    private func newest(among names: [String], in folder: borrowing Descriptor, _ look: inout Look) throws -> EpochRecord? {
        var found: EpochRecord?
        for number in names.compactMap({ EpochNumber.parse($0) }).sorted(by: >) {
            let reading = try record(number, in: folder)
            if case .signed(let record, _) = reading {
                found = record
                break
            }
            guard case .refused(let why) = reading else { continue }
            look.unsigned.append(number)
            if look.unsigned.count <= Self.mostWords { look.doubts.append(why) }
        }
        if look.unsigned.count > Self.mostWords {
            look.doubts.append("\(files.path) holds \(counted(look.unsigned.count - Self.mostWords, "more record")) that are not signed")
        }
        // A listing may come from the cache of a mount; a name that was never looked up does not.
        while case .signed(let next, _) = try record((found?.epoch ?? 0) + 1, in: folder) { found = next }
        return found
    }

    private func record(_ number: UInt64, in folder: borrowing Descriptor) throws -> Reading<EpochRecord> {
        let reading = try read(EpochRecord.self, .epoch, "\(number)", files, folder)
        guard case .signed(let record, _) = reading, !record.isSound(as: number, of: cluster) else { return reading }
        return .refused("\(files.path)/\(number) says what no Holdfast writes")
    }

    /// What a record of before they were signed says: for a person to judge, never to be obeyed. Nil when it cannot be read.
    package func unsignedRecord(_ number: UInt64) throws -> EpochRecord? {
        guard let folder = try files.open(),
            case .bytes(let bytes, _) = try files.read("\(number)", in: folder.descriptor, limit: NoticeKind.epoch.limit)
        else { return nil }
        return try? NoticeCodec.decode(EpochRecord.self, bytes, NoticeKind.epoch.words, at: files.path)
    }

    /// The number for a record that follows `number`: names that somebody has given to files that are not signed are passed over.
    package func free(after number: UInt64) throws -> UInt64 {
        var next = try EpochNumber.next(after: EpochNumber.remembered(number))
        guard let folder = try files.open() else { return next }
        // Throws when somebody has put more there than is to be passed over.
        _ = try files.names(in: folder.descriptor)
        while true {
            guard try files.isTaken("\(next)", in: folder.descriptor), case .refused = try record(next, in: folder.descriptor) else {
                return next
            }
            next = try EpochNumber.next(after: next)
        }
    }

    /// Makes `record` the newest. Nil when it is; otherwise the one that was first. Repeated with the same token it gives the same answer.
    package func raise(_ record: EpochRecord) throws -> EpochRecord? {
        let folder = try files.make()
        if let there = try newest(), there.epoch >= record.epoch {
            guard there.epoch == record.epoch else { return there }
            return there.token == record.token ? nil : there
        }
        let temporary = Array(".claim-\(host.randomHex(bytes: 12))".utf8)
        let place = NoticePlace(.epoch, cluster: cluster, name: "\(record.epoch)")
        defer { try? folder.descriptor.remove(temporary) }
        try files.fill(temporary, with: SignedNotice.encode(record, at: place, key()), in: folder.descriptor)
        let refusal = put(temporary, as: Array(place.name.utf8), in: folder.descriptor)
        try folder.descriptor.sync()
        switch try self.record(record.epoch, in: folder.descriptor) {
        case .signed(let there, _): return there.token == record.token ? nil : there
        case .refused(let why):
            throw Failure(
                .refused, "the epoch cannot be raised in \(target): \(why)",
                hint: "find out who put it there, then run the command again: it takes the next number")
        case .absent:
            throw Failure(
                .refused, "the epoch cannot be raised in \(target): its file system neither renames without replacing nor makes hard links",
                hint: "put the target on a file system that does one of them, as NFS, SMB and SFTP do", cause: refusal?.description)
        }
    }

    /// Gives the error, whose cause can be that somebody was first.
    private func put(_ temporary: [UInt8], as name: [UInt8], in folder: borrowing Descriptor) -> SystemError? {
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

    /// What the active one has signed, and the time of the file, by the target's clock.
    package func active() throws -> (notice: ActiveNotice, fileTime: Timestamp)? {
        guard let folder = try files.open(), case .signed(let notice, let modified) = try activeNotice(in: folder.descriptor) else {
            return nil
        }
        return (notice, modified)
    }

    private func activeNotice(in folder: borrowing Descriptor) throws -> Reading<ActiveNotice> {
        try read(ActiveNotice.self, .active, "active", files, folder)
    }

    package func publish(_ notice: ActiveNotice) throws {
        let place = NoticePlace(.active, cluster: cluster, name: "active")
        try files.replace(place.name, with: SignedNotice.encode(notice, at: place, key()), in: try files.make().descriptor)
    }

    package func standbyNotices() throws -> [StandbyNotice] {
        var look = Look()
        try lookAtStandbys(&look)
        return look.standbys
    }

    private func lookAtStandbys(_ look: inout Look) throws {
        guard let folder = try standbys.open() else { return }
        for name in try standbys.names(in: folder.descriptor).sorted() {
            guard InstallationID.isSound(name) else {
                look.doubts.append(strange(name, standbys))
                continue
            }
            switch try notice(of: name, in: folder.descriptor) {
            case .signed(let notice, _): look.standbys.append(notice)
            case .refused(let why): look.doubts.append(why)
            case .absent: continue
            }
        }
    }

    private func notice(of member: String, in folder: borrowing Descriptor) throws -> Reading<StandbyNotice> {
        let reading = try read(StandbyNotice.self, .standby, member, standbys, folder)
        guard case .signed(let notice, _) = reading, notice.member != member else { return reading }
        return .refused("\(standbys.path)/\(member) says what no Holdfast writes")
    }

    package func standbyNotice(of member: String) throws -> StandbyNotice? {
        guard InstallationID.isSound(member), let folder = try standbys.open(),
            case .signed(let notice, _) = try notice(of: member, in: folder.descriptor)
        else { return nil }
        return notice
    }

    package func register(_ notice: StandbyNotice) throws {
        guard InstallationID.isSound(notice.member) else {
            throw Failure(.internal, "“\(printable(notice.member))” is no id of an installation")
        }
        let place = NoticePlace(.standby, cluster: cluster, name: notice.member)
        try standbys.replace(place.name, with: SignedNotice.encode(notice, at: place, key()), in: try standbys.make().descriptor)
    }

    package func unregister(_ member: String) throws {
        guard InstallationID.isSound(member), let folder = try standbys.open(), try standbys.isTaken(member, in: folder.descriptor) else {
            return
        }
        try folder.descriptor.remove(Array(member.utf8))
        try folder.descriptor.sync()
    }

    /// The target's clock: the time of a file that is made there now.
    package func clock() throws -> Timestamp {
        let folder = try files.make()
        let name = Array(".clock-\(host.randomHex(bytes: 12))".utf8)
        defer { try? folder.descriptor.remove(name) }
        try files.fill(name, with: [0x0A], in: folder.descriptor)
        return try folder.descriptor.status(of: name).modified
    }

    // MARK: Files

    private enum Reading<Value> {
        case absent
        case signed(Value, modified: Timestamp)
        /// It counts for nothing: why.
        case refused(String)
    }

    private func read<Value: Codable>(
        _: Value.Type, _ kind: NoticeKind, _ name: String, _ files: NoticeFiles, _ folder: borrowing Descriptor
    ) throws -> Reading<Value> {
        let path = "\(files.path)/\(name)"
        switch try files.read(name, in: folder, limit: kind.limit) {
        case .absent: return .absent
        case .strange(let why): return .refused("\(path) \(why)")
        case .bytes(let bytes, let modified):
            let place = NoticePlace(kind, cluster: cluster, name: name)
            let value = try SignedNotice.decode(Value.self, bytes, at: place, key(), path: path)
            return value.map { .signed($0, modified: modified) } ?? .refused("\(path) is not signed with the key of the repository there")
        }
    }
}
