import HDFSStorage
import HostIO
import Model
import ObjectStorage
import TestSupport
import Testing
import WebHDFS

/// A storage in a new directory of the shared HDFS.
private func newStorage(_ name: String = "storage") throws -> (storage: HDFSStorage, client: HDFSClient) {
    let client = try newClient(name)
    return (try HDFSStorage.create(client), client)
}

private func newClient(_ name: String = "storage", user: String? = nil) throws -> HDFSClient {
    let server = try HDFSServer.shared
    let path = try #require(HDFSPath(server.folder(name) + "/re po%"))
    let address = HDFSAddress(nameNodes: [HDFSAddress.NameNode(host: server.host, port: UInt16(server.port))], path: path)
    return try HDFSClient(address, HDFSOptions(user: user ?? Host.current().user), clock: SystemClock())
}

private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) } }

private func name(_ text: String) throws -> ObjectName { try #require(ObjectName(text)) }

@Suite(.timeLimit(.minutes(4))) struct HDFSStorageTests {
    @Test(arguments: ObjectStorageContract.clauses) func hdfsKeepsTheContract(clause: ObjectStorageContract.Clause) throws {
        let (storage, client) = try newStorage()
        try clause.check(storage)
        #expect(try leftovers(client, client.address.path) == 0)
    }

    @Test func aFileInPlaceOfAFolderIsNoEmptyFolder() throws {
        let (storage, client) = try newStorage()
        try storage.write(name("config"), [1])
        #expect(try storage.holdsFolder("snapshots") == false && storage.list("snapshots").isEmpty)
        try storage.write(name("snapshots/a"), [1])
        try storage.remove(name("snapshots/a"))
        #expect(try storage.holdsFolder("snapshots") == true && storage.list("snapshots").isEmpty)
        _ = try client.remove(#require(client.address.path.appending(relative: "snapshots")), .tree)
        try storage.write(name("snapshots"), [1])
        for folder in ["snapshots", "snapshots/below"] {
            #expect(throws: StorageError.self) { try storage.list(folder) }
            #expect(throws: StorageError.self) { try storage.holdsFolder(folder) }
        }
    }

    @Test func decoratedAsInUseItKeepsTheContractToo() throws {
        for clause in ObjectStorageContract.clauses.prefix(6) {
            try clause.check(RetryingStorage(try newStorage().storage, sleep: { _ in }))
        }
    }

    private func leftovers(_ client: HDFSClient, _ folder: HDFSPath) throws -> Int {
        try client.entries(of: folder).reduce(0) { count, entry in
            guard let path = folder.appending(entry.name) else { return count }
            let below = entry.kind == .directory ? try leftovers(client, path) : 0
            return count + below + (HDFSTemporary.isName(entry.name) ? 1 : 0)
        }
    }

    @Test func theLocationIsTheAddress() throws {
        let (storage, client) = try newStorage()
        #expect(storage.location == client.address.description && storage.location.hasPrefix("hdfs://127.0.0.1:"))
    }

    @Test func onlyDirectoriesThatHoldSomethingAreMade() throws {
        let (storage, client) = try newStorage()
        #expect(try client.entries(of: client.address.path).isEmpty)
        try storage.write(name("data/ab/abcd"), [1])
        try storage.write(name("config"), [2])
        #expect(try client.contentSummary(of: client.address.path).directories == 3)
        #expect(try client.contentSummary(of: client.address.path).files == 2)
    }

    @Test func objectsAreForTheirOwnerOnly() throws {
        let (storage, client) = try newStorage()
        try storage.write(name("config"), [2])
        #expect(try client.status(of: client.address.path)?.permission == 0o700)
        let path = try #require(client.address.path.appending(relative: "config"))
        #expect(try client.status(of: path)?.permission == 0o400)
        let other = HDFSStorage(try HDFSClient(client.address, HDFSOptions(user: "bob"), clock: SystemClock()))
        let error = #expect(throws: StorageError.self) { try other.size(of: name("config")) }
        #expect(error?.kind == .permission && error?.detail?.contains("user=bob") == true)
    }

    @Test func aStorageThatIsNotThereIsNoEmptyOne() throws {
        let client = try newClient()
        let storage = HDFSStorage(client)
        let calls: [() throws -> Void] = [
            { _ = try storage.list("data") }, { _ = try storage.size(of: name("config")) }, { _ = try storage.read(name("config")) },
            { try storage.write(name("config"), [1]) }, { try storage.remove(name("config")) }, { _ = try storage.space() },
        ]
        for (index, call) in calls.enumerated() {
            let error = #expect(throws: StorageError.self) { try call() }
            #expect(error?.kind == .unreachable && error?.detail?.contains("no such directory") == true, "call \(index): \(error!)")
        }
        #expect(try client.status(of: client.address.path) == nil)
    }

    @Test func aStorageThatIsLostWhileInUseIsToldAsSuch() throws {
        let (storage, client) = try newStorage()
        try storage.write(name("config"), [1])
        try storage.write(name("data/ab/abcd"), [1])
        #expect(try storage.size(of: name("data/none")) == nil)
        let config = try #require(client.address.path.appending(relative: "config"))
        try client.remove(config)
        let error = #expect(throws: StorageError.self) { try storage.list("index") }
        #expect(error?.kind == .unreachable && error?.detail?.contains("has gone while in use") == true)
        #expect(try storage.list("data").count == 1)
    }

    @Test func namesOfUnfinishedObjectsAreRefusedAndTheirFilesNotListed() throws {
        let (storage, client) = try newStorage()
        let path = try #require(client.address.path.appending(relative: "data/ab/.holdfast-tmp-0123"))
        let writer = client.create(path)
        try [1, 2].withUnsafeBytes { try writer.write($0) }
        try writer.finish()
        try storage.write(name("data/ab/real"), [1])
        #expect(try storage.list("data").map(\.name.text) == ["data/ab/real"])
        let error = #expect(throws: StorageError.self) { try storage.write(name("data/.holdfast-tmp-1"), [1]) }
        #expect(error?.kind == .permission)
    }

    @Test func leftoversAreRemovedWhenTheyAreOld() throws {
        let (storage, client) = try newStorage()
        for (file, age) in [("data/ab/.holdfast-tmp-old", 7200), ("data/ab/.holdfast-tmp-new", 60), ("data/ab/object", 7200)]
            as [(String, Int64)]
        {
            let path = try #require(client.address.path.appending(relative: file))
            try client.create(path).finish()
            try client.setTimes(of: path, modification: (SystemClock().now().seconds - age) * 1000)
        }
        #expect(try storage.removeLeftovers(olderThan: .seconds(3600), now: SystemClock().now()) == 1)
        let folder = try #require(client.address.path.appending(relative: "data/ab"))
        #expect(try client.entries(of: folder).map { String(decoding: $0.name, as: UTF8.self) } == [".holdfast-tmp-new", "object"])
    }

    @Test func aQuotaBoundsTheFreeSpaceAndIsNoSpaceWhenReached() throws {
        let (storage, client) = try newStorage()
        let before = try #require(try storage.space())
        #expect(before.free > 1 << 30)
        let parent = client.address.path.parent
        try client.setQuota(of: parent, HDFSQuota(space: 1 << 20))
        let space = try #require(try storage.space())
        #expect(space.total == 1 << 19 && space.free == 1 << 19)
        let error = #expect(throws: StorageError.self) { try storage.write(name("data/ab/abcd"), bytes(3_000_000)) }
        #expect(error?.kind == .noSpace && error?.detail?.contains("DSQuotaExceededException") == true)
        try client.setQuota(of: parent, HDFSQuota(names: 3))
        let names = #expect(throws: StorageError.self) { try storage.write(name("data/ab/abcd"), [1]) }
        #expect(names?.kind == .noSpace)
        #expect(try storage.size(of: name("data/ab/abcd")) == nil)
    }

    @Test func removingAFolderIsNoRemovalOfItsObjects() throws {
        let (storage, _) = try newStorage()
        try storage.write(name("data/ab/abcd"), [1])
        try storage.remove(name("data/ab"))
        try storage.remove(name("data"))
        #expect(try storage.list("data").count == 1)
    }

    @Test func anHDFSThatIsGoneIsUnreachableAndOneInSafeModeReadOnly() throws {
        let server = try HDFSServer(dataNodes: 1)
        let address = HDFSAddress(
            nameNodes: [HDFSAddress.NameNode(host: server.host, port: UInt16(server.port))], path: try #require(HDFSPath("/repo")))
        var options = HDFSOptions(user: Host.current().user)
        options.patience = .zero
        let storage = try HDFSStorage.create(try HDFSClient(address, options, clock: SystemClock()))
        try storage.write(name("config"), [1])
        try server.admin("-safemode", "enter")
        let refused = #expect(throws: StorageError.self) { try storage.write(name("data/ab/abcd"), [1]) }
        #expect(refused?.kind == .readOnly && refused?.detail?.contains("SafeModeException") == true)
        #expect(try storage.read(name("config")) == [1])
        try server.killNameNode()
        let gone = #expect(throws: StorageError.self) { try storage.list("data") }
        #expect(gone?.kind == .unreachable && gone?.detail?.hasPrefix("127.0.0.1:\(server.port): ") == true)
    }
}
