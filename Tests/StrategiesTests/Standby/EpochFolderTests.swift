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
            epoch: epoch, cluster: "c", owner: owner, host: owner, writer: "test", raised: host.clock.now(), reason: .promotion,
            token: token ?? host.randomHex(bytes: 16))
    }

    private func target(at path: String) throws -> EpochFolder {
        try AtomicFile.write([0], to: "\(path)/config")
        return EpochFolder(target: path, cluster: "c", host: host)
    }

    /// Every thread raises `epoch` for itself when all are there. Gives the winners.
    private func race(_ epoch: UInt64, in path: String) throws -> [String] {
        let waiting = Monitor(0)
        let winners = Mutex<[String]>([])
        try runWorkers(Self.tries, named: "promote") { index in
            let folder = EpochFolder(target: path, cluster: "c", host: host)
            let own = record(epoch, "standby-\(index)")
            waiting.change { $0 += 1 }
            _ = waiting.wait { $0 == Self.tries ? true : nil }
            if try folder.raise(own) == nil { winners.withLock { $0.append(own.owner) } }
        }
        return winners.withLock { $0 }
    }

    private func expectOneWinner(in path: String) throws {
        let folder = try target(at: path)
        for epoch in UInt64(1)...3 {
            let winners = try race(epoch, in: path)
            #expect(winners.count == 1, "\(winners)")
            let newest = try #require(try folder.newest())
            #expect(newest.epoch == epoch && winners == [newest.owner])
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
        #expect(try folder.raise(record(1, "b"))?.owner == "a")
        #expect(try folder.raise(record(2, "b")) == nil)
        #expect(try folder.raise(first)?.owner == "b", "it was first then, and is not any more")
        #expect(try folder.newest()?.owner == "b")
    }

    @Test func `a share that is not mounted is no target without epochs`() throws {
        let place = try TemporaryDirectory()
        let folder = EpochFolder(target: place.path, cluster: "c", host: host)
        for attempt in [{ _ = try folder.newest() }, { _ = try folder.raise(record(1, "a")) }, { _ = try folder.standbyNotices() }] {
            let failure = #expect(throws: Failure.self) { try attempt() }
            #expect(failure?.code == .storage && failure?.hint?.contains("mount") == true)
        }
        #expect(try Descriptor.openDirectory(place.path).isEmptyDirectory())
    }

    @Test func `a record that is damaged or of a newer format is an error, not another owner`() throws {
        let place = try TemporaryDirectory()
        let folder = try target(at: place.path)
        _ = try folder.raise(record(1, "a"))
        let path = "\(place.path)/holdfast/epochs/c/1"
        let good = String(decoding: try AtomicFile.read(path), as: UTF8.self)
        for (text, code) in [
            ("", FailureCode.damaged), ("{", .damaged), (good.replacing("\"format\" : 1", with: "\"format\" : 9"), .refused),
        ] {
            try AtomicFile.write(Array(text.utf8), to: path)
            #expect(#expect(throws: Failure.self) { try folder.newest() }?.code == code)
        }
    }

    @Test func `notices come and go`() throws {
        let place = try TemporaryDirectory()
        let folder = try target(at: place.path)
        var notice = StandbyNotice(member: "m", host: "h", since: host.clock.now())
        try folder.register(notice)
        notice.request = HandoverRequest(token: "t", asked: host.clock.now(), until: host.clock.now())
        try folder.register(notice)
        #expect(try folder.standbyNotices() == [notice] && folder.standbyNotice(of: "m") == notice)
        try folder.unregister("m")
        try folder.unregister("m")
        #expect(try folder.standbyNotices().isEmpty && folder.active() == nil && folder.newest() == nil)
    }
}
