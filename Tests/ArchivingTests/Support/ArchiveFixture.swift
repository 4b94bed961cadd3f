import Archiving
import Glibc
import HostIO
import ObjectStorage
import RepositoryEngine
import ResticFormat
import TestSupport

/// A repository in memory (or elsewhere) and what most tests of archiving do with it.
struct ArchiveFixture {
    let host: Host
    private let writable: WritableRepository

    init(_ storage: any ObjectStorage = MemoryStorage(), processors: Int = 2, password: String = "correct horse") throws {
        let host = Host.forTests(processors: processors)
        try self.init(OpenRepository.create(in: storage, password: Password(password), cost: .quick, host: host))
    }

    private init(_ repository: OpenRepository) throws {
        host = repository.host
        writable = try repository.lockForWriting().loadIndex()
    }

    /// The same repository as somebody finds it who comes later.
    func loadedAgain() throws -> ArchiveFixture { try ArchiveFixture(repository.repository) }

    var repository: IndexedRepository { writable.index }

    /// Nothing more is written; others may have the repository for themselves.
    func unlock() { writable.lock.release() }

    func beginWriting() throws -> BlobWriter { try writable.beginWriting() }

    @discardableResult
    func archive(
        _ source: any EntrySource, parent: TreeID? = nil, shape: ChunkShape = .contentDefined, job: JobControl = JobControl()
    ) throws -> ArchiveOutcome {
        let writer = try beginWriting()
        let outcome = try Archiver(writer: writer, host: host).archive(source, parent: parent, shape: shape, job: job)
        _ = try writer.finish()
        return outcome
    }

    @discardableResult
    func archive(_ path: String, parent: TreeID? = nil, shape: ChunkShape = .contentDefined) throws -> ArchiveOutcome {
        try archive(LocalDirectory(path: path), parent: parent, shape: shape)
    }

    func restore(of outcome: ArchiveOutcome, to path: String, options: TreeRestore.Options = .init()) -> TreeRestore {
        TreeRestore(
            image: .archived(ArchivedTree(repository: repository, id: outcome.tree, node: outcome.root)), destination: path, host: host,
            options: options)
    }

    @discardableResult
    func restoreNow(_ outcome: ArchiveOutcome, to path: String) throws -> (TreeRestorePlan, TreeRestoreOutcome) {
        let restore = restore(of: outcome, to: path)
        let plan = try restore.plan(job: JobControl())
        return (plan, try restore.apply(plan, job: JobControl()))
    }

    func nodes(_ id: TreeID) throws -> [Node] { try repository.tree(id, using: repository.makeOpener()).nodes }

    func content(_ node: Node) throws -> [UInt8] {
        let opener = try repository.makeOpener()
        return try (node.content ?? []).flatMap { try repository.withBlob($0, .data, using: opener) { Array($0) } }
    }
}

func writeFile(_ path: String, _ bytes: [UInt8]) throws {
    let file = try Descriptor.open(path, [.write, .create, .truncate])
    try file.write(bytes)
}

func writeFile(_ path: String, _ text: String) throws { try writeFile(path, Array(text.utf8)) }

func readFile(_ path: String) throws -> [UInt8] { try Descriptor.open(path, .read).readAll(limit: 1 << 30) }

func inode(_ path: String) throws -> UInt64 {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw SystemError(errno, "examine", path) }
    return UInt64(status.st_ino)
}

@discardableResult
func shell(_ command: String) throws -> String {
    let outcome = try ChildProcess.shell(command).run()
    guard outcome.succeeded else { throw ToolFailed(arguments: [command], outcome: outcome) }
    return outcome.outputText
}
