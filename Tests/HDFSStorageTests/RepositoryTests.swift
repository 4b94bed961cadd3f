import Archiving
import HDFSStorage
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import TestSupport
import Testing
import WebHDFS

/// The engine on a repository in HDFS.
@Suite(.timeLimit(.minutes(4))) struct RepositoryTests {
    private let host = Host.forTests()
    private let password = Password("correct horse")

    private func storage() throws -> any ObjectStorage {
        let server = try HDFSServer.shared
        let path = try #require(HDFSPath(server.folder("repository")))
        let address = HDFSAddress(nameNodes: [HDFSAddress.NameNode(host: server.host, port: UInt16(server.port))], path: path)
        let client = try HDFSClient(address, HDFSOptions(user: Host.current().user), clock: host.clock)
        return RetryingStorage(ReadAheadStorage(try HDFSStorage.create(client)), sleep: { sleepThread(for: $0) })
    }

    private func makeSource(in directory: TemporaryDirectory) throws -> String {
        let source = try directory.folder("source")
        var random = SeededRandom(named: "source")
        for folder in 0..<5 {
            try makeDirectories(Path.join(source, "folder \(folder)"))
            for file in 0..<40 {
                let bytes = random.bytes(Int.random(in: 0..<30_000, using: &random))
                try AtomicFile.write(bytes, to: Path.join(source, "folder \(folder)/file-\(file)"))
            }
        }
        try AtomicFile.write(random.bytes(20 << 20), to: Path.join(source, "large"))
        return source
    }

    private func archive(_ path: String, into repository: OpenRepository) throws -> TreeID {
        let lock = try repository.lockForWriting()
        defer { lock.release() }
        let parent = try repository.snapshots().snapshots.last
        let writer = try lock.loadIndex().beginWriting(WriteOptions(packSize: 8 << 20))
        let outcome = try Archiver(writer: writer, host: host).archive(
            LocalDirectory(path: path), parent: parent?.file.tree, shape: .contentDefined, job: JobControl())
        _ = try writer.finish()
        let file = SnapshotFile(
            time: NodeTime(host.clock.now()), tree: outcome.tree, paths: [path], hostname: host.name, username: host.user)
        _ = try repository.save(file)
        return outcome.tree
    }

    private func expectRestores(_ tree: TreeID, _ repository: OpenRepository, as source: String, to destination: String) throws {
        let image = ArchivedTree(repository: try repository.loadIndex(), id: tree)
        let restore = TreeRestore(image: .archived(image), destination: destination, host: host)
        let outcome = try restore.apply(try restore.plan(job: JobControl()), job: JobControl())
        #expect(outcome.issueCount == 0)
        let difference = try ChildProcess(["diff", "-r", source, destination]).run()
        #expect(difference.succeeded, "\(difference.outputText)")
    }

    @Test func whatIsArchivedIntoHDFSComesBack() throws {
        let directory = try TemporaryDirectory()
        let source = try makeSource(in: directory)
        let storage = try storage()
        let repository = try OpenRepository.create(in: storage, password: password, cost: .quick, host: host)
        let first = try archive(source, into: repository)
        expectSound(repository)
        let before = directory.file("before")
        try expectRestores(first, repository, as: source, to: before)

        try AtomicFile.write([1, 2, 3], to: Path.join(source, "folder 1/file-1"))
        let second = try archive(source, into: repository)
        let reopened = try OpenRepository.open(storage, password: password, host: host)
        expectSound(reopened)
        try expectRestores(second, reopened, as: source, to: directory.file("after"))
        #expect(try reopened.snapshots().snapshots.count == 2)
        #expect(try storage.list("locks").isEmpty)
    }

    @Test(.enabled(if: Restic.isInstalled)) func resticReadsACopyOfTheFiles() throws {
        let shared = try SharedRepository()
        let source = try makeSource(in: shared.directory)
        let storage = try storage()
        let repository = try OpenRepository.create(in: storage, password: Password(SharedRepository.password), cost: .quick, host: host)
        _ = try archive(source, into: repository)
        let names =
            try ["data", "index", "keys", "snapshots"].flatMap { try storage.list($0).map(\.name) } + [try #require(ObjectName("config"))]
        for name in names { try shared.storage.write(name, storage.read(name)) }
        try shared.restic.check()
    }
}
