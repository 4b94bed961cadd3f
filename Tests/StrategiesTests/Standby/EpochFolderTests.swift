import Clusters
import HostIO
import Model
import Synchronization
import TestSupport
import Testing

private let canMountRemotely = SFTPMount.isPossible("epochs on sshfs")

/// Epochs as real files, raised by many at once.
@Suite(.timeLimit(.minutes(5))) struct EpochFolderTests {
    private static let tries = 100
    private let host = Host.current()

    private func record(_ epoch: UInt64, _ owner: String, token: String? = nil) -> EpochRecord {
        EpochRecord(
            epoch: epoch, cluster: "c", owner: owner.asInstallation, host: owner, writer: "test", raised: host.clock.now(),
            reason: .promotion,
            token: token ?? host.randomHex(bytes: 16))
    }

    /// As good as a MAC where nobody forges.
    private let key = NoticeKey(repository: "r") { bytes in
        let sum = bytes.reduce(UInt64(5381)) { ($0 &* 33) ^ UInt64($1) }
        return String(repeating: (String(repeating: "0", count: 16) + String(sum, radix: 16)).suffix(16).description, count: 4)
    }

    private func folder(at path: String) -> EpochFolder {
        EpochFolder(target: path, cluster: "c", host: host) { [key] in key }
    }

    private func target(at path: String) throws -> EpochFolder {
        try AtomicFile.write([0], to: "\(path)/config")
        return folder(at: path)
    }

    /// Every thread raises `epoch` for itself when all are there. Gives the winners.
    private func race(_ epoch: UInt64, in path: String) throws -> [String] {
        let waiting = Monitor(0)
        let winners = Mutex<[String]>([])
        try runWorkers(Self.tries, named: "promote") { index in
            let folder = folder(at: path)
            let own = record(epoch, "standby-\(index)")
            waiting.change { $0 += 1 }
            _ = waiting.wait { $0 == Self.tries ? true : nil }
            if try folder.raise(own) == nil { winners.withLock { $0.append(own.host) } }
        }
        return winners.withLock { $0 }
    }

    private func expectOneWinner(in path: String) throws {
        let folder = try target(at: path)
        for epoch in UInt64(1)...3 {
            let winners = try race(epoch, in: path)
            #expect(winners.count == 1, "\(winners)")
            let newest = try #require(try folder.newest())
            #expect(newest.epoch == epoch && winners == [newest.host])
        }
        let left = try Descriptor.openDirectory("\(path)/holdfast/epochs/c").entries().map { FileName.text($0.name) }
        #expect(Set(left) == ["1", "2", "3"], "\(left)")
    }

    @Test func `of a hundred who raise the epoch at once exactly one has it`() throws {
        let place = try TemporaryDirectory()
        try expectOneWinner(in: place.path)
    }

    @Test(.enabled(if: canMountRemotely)) func `also on a share that knows no locks and no rename without replacing`() throws {
        let share = try SFTPMount()
        try makeDirectories("\(share.path)/acme")
        try expectOneWinner(in: "\(share.path)/acme")
    }

    @Test func `who repeats a raise whose answer was lost hears the same, and an old number never wins`() throws {
        let place = try TemporaryDirectory()
        let folder = try target(at: place.path)
        let first = record(1, "a")
        #expect(try folder.raise(first) == nil && folder.raise(first) == nil)
        #expect(try folder.raise(record(1, "b"))?.host == "a")
        #expect(try folder.raise(record(2, "b")) == nil)
        #expect(try folder.raise(first)?.host == "b", "it was first then, and is not any more")
        #expect(try folder.newest()?.host == "b")
    }

    @Test func `a share that is not mounted is no target without epochs`() throws {
        let place = try TemporaryDirectory()
        let folder = folder(at: place.path)
        for attempt in [{ _ = try folder.newest() }, { _ = try folder.raise(record(1, "a")) }, { _ = try folder.standbyNotices() }] {
            let failure = #expect(throws: Failure.self) { try attempt() }
            #expect(failure?.code == .storage && failure?.hint?.contains("mount") == true)
        }
        #expect(try Descriptor.openDirectory(place.path).isEmptyDirectory())
    }

    @Test func `a signed record of a newer format is an error, not another owner; one that was altered is none`() throws {
        let place = try TemporaryDirectory()
        let folder = try target(at: place.path)
        _ = try folder.raise(record(1, "a"))
        let path = "\(place.path)/holdfast/epochs/c/1"
        let good = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        for text in [
            "", "{", good.replacing("\"format\" : 2", with: "\"format\" : 9"), good.replacing("\"epoch\" : 1", with: "\"epoch\" : 2"),
        ] {
            try AtomicFile.write(Array(text.utf8), to: path)
            let look = try folder.look()
            #expect(look.newest == nil && look.unsigned == [1])
            #expect(look.doubts.count == 1 && look.doubts.first?.contains("not signed") == true)
        }
        let blank = good.replacing("\"format\" : 2", with: "\"format\" : 9").replacing(
            #/"signature" : "[0-9a-f]+"/#, with: "\"signature\" : \"" + String(repeating: "0", count: 64) + "\"")
        let newer = blank.replacing(String(repeating: "0", count: 64), with: try key.sign(Array(blank.utf8)))
        try AtomicFile.write(Array(newer.utf8), to: path)
        #expect(#expect(throws: Failure.self) { try folder.newest() }?.code == .refused)
    }

    @Test func `a signature holds for one kind, cluster, number, member and repository`() throws {
        let place = try TemporaryDirectory()
        let folder = try target(at: place.path)
        _ = try folder.raise(record(1, "a"))
        try folder.register(StandbyNotice(member: "m".asInstallation, host: "h", since: host.clock.now(), serial: 1))
        let path = "\(place.path)/holdfast/epochs/c"
        let (epoch, notice) = (try AtomicFile.read("\(path)/1"), try AtomicFile.read("\(path)/standbys/\("m".asInstallation)"))
        try AtomicFile.write(epoch, to: "\(path)/2")
        try AtomicFile.write(notice, to: "\(path)/active")
        try AtomicFile.write(notice, to: "\(path)/standbys/\("n".asInstallation)")
        let look = try folder.look()
        #expect(look.newest?.epoch == 1 && look.unsigned == [2])
        #expect(look.standbys.map(\.member) == ["m".asInstallation])
        #expect(look.doubts.count == 3 && look.doubts.allSatisfy { $0.contains("not signed") }, "\(look.doubts)")
        try makeDirectories("\(place.path)/holdfast/epochs/d")
        try AtomicFile.write(epoch, to: "\(place.path)/holdfast/epochs/d/1")
        let another = EpochFolder(target: place.path, cluster: "d", host: host) { [key] in key }
        #expect(try another.newest() == nil)
        let other = NoticeKey(repository: "another", sign: key.sign)
        let repository = EpochFolder(target: place.path, cluster: "c", host: host) { other }
        #expect(try repository.newest() == nil)
    }

    @Test(arguments: ["0", "01", "-1", "1.5", "1e3", "+7", "9007199254740992", "9223372036854775808", "18446744073709551615", "２"])
    func `what is no number of an epoch is told and nothing else`(name: String) throws {
        let place = try TemporaryDirectory()
        let folder = try target(at: place.path)
        _ = try folder.raise(record(1, "a"))
        try AtomicFile.write(AtomicFile.read("\(place.path)/holdfast/epochs/c/1"), to: "\(place.path)/holdfast/epochs/c/\(name)")
        let look = try folder.look()
        #expect(look.newest?.epoch == 1 && look.unsigned.isEmpty && look.doubts.count == 1)
        #expect(try folder.free(after: 1) == 2 && folder.raise(record(2, "b")) == nil)
    }

    @Test func `names that are taken by what is not signed are passed over, and the largest number is the last`() throws {
        let place = try TemporaryDirectory()
        let folder = try target(at: place.path)
        _ = try folder.raise(record(1, "a"))
        for name in ["2", "3", "\(EpochNumber.largest)"] { try AtomicFile.write([1], to: "\(place.path)/holdfast/epochs/c/\(name)") }
        #expect(try folder.free(after: 1) == 4 && folder.free(after: UInt64.max) == 1)
        #expect(#expect(throws: Failure.self) { try folder.raise(record(2, "b")) }?.code == .refused)
        #expect(try folder.raise(record(4, "b")) == nil && folder.newest()?.host == "b")
        #expect(try folder.look().unsigned == [EpochNumber.largest])
        #expect(#expect(throws: Failure.self) { try folder.free(after: EpochNumber.largest) }?.code == .refused)
    }

    @Test(arguments: HostileEntry.allCases, ["2", "active", "standbys/00000000000000000000000000000000", "standbys", "."])
    func `whatever lies in the place of a file is told at once, and counts for nothing`(entry: HostileEntry, name: String) throws {
        let place = try TemporaryDirectory()
        let folder = try target(at: place.path)
        let path = "\(place.path)/holdfast/epochs/c"
        _ = try folder.raise(record(1, "a"))
        try makeDirectories("\(path)/standbys")
        try entry.place(at: name == "." ? path : "\(path)/\(name)")
        let start = SystemClock().monotonicNanoseconds()
        let isFolder = entry == .directory && (name == "standbys" || name == ".")
        if name == ".", !isFolder {
            #expect(#expect(throws: Failure.self) { try folder.look() }?.code == .damaged)
            #expect(throws: Failure.self) { try folder.raise(record(2, "b")) }
        } else {
            let look = try folder.look()
            #expect(look.newest?.epoch == (name == "." ? nil : 1) && look.standbys.isEmpty)
            #expect(look.doubts.isEmpty == isFolder, "\(look.doubts)")
            let active = try folder.active()
            let standby = try? folder.standbyNotice(of: String(repeating: "0", count: 32))
            #expect(active == nil && standby == nil)
        }
        #expect(SystemClock().monotonicNanoseconds() - start < 2_000_000_000)
    }

    @Test func `nothing is written through a symbolic link, and a link to the target itself is none of that`() throws {
        let place = try TemporaryDirectory()
        let outside = try place.folder("outside")
        try makeDirectories("\(place.path)/real")
        _ = try target(at: "\(place.path)/real")
        try Descriptor.openDirectory(place.path).makeSymlink(Array("nas".utf8), to: Array("real".utf8))
        let folder = folder(at: "\(place.path)/nas")
        #expect(try folder.raise(record(1, "a")) == nil)
        for below in ["holdfast/epochs/c", "holdfast/epochs", "holdfast"] {
            try removeTree("\(place.path)/real/\(below)")
            let parent = try Descriptor.openDirectory(Path.parent("\(place.path)/real/\(below)"))
            try parent.makeSymlink(Array(Path.lastComponent(below).utf8), to: Array(outside.utf8))
            let notice = StandbyNotice(member: "m".asInstallation, host: "h", since: host.clock.now())
            for attempt in [
                { _ = try folder.raise(record(2, "b")) }, { try folder.register(notice) }, { _ = try folder.clock() },
                { _ = try folder.newest() },
            ] {
                #expect(#expect(throws: Failure.self) { try attempt() }?.code == .damaged)
            }
        }
        #expect(try Descriptor.openDirectory(outside).isEmptyDirectory())
    }

    @Test func `notices come and go`() throws {
        let place = try TemporaryDirectory()
        let folder = try target(at: place.path)
        var notice = StandbyNotice(member: "m".asInstallation, host: "h", since: host.clock.now())
        try folder.register(notice)
        notice.request = HandoverRequest(token: "t", asked: host.clock.now(), until: host.clock.now())
        try folder.register(notice)
        #expect(try folder.standbyNotices() == [notice] && folder.standbyNotice(of: notice.member) == notice)
        try folder.unregister(notice.member)
        try folder.unregister(notice.member)
        #expect(try folder.standbyNotices().isEmpty && folder.active() == nil && folder.newest() == nil)
    }
}

extension String {
    /// An installation's id that is made of this: 32 digits.
    var asInstallation: String { String(repeating: "0", count: max(0, 32 - 2 * utf8.count)) + utf8.map { String($0, radix: 16) }.joined() }
}
