import Archiving
import Glibc
import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat

/// The engine alone, doing what one call of restic does; the password is in RESTIC_PASSWORD.
@main
struct EngineBench {
    let repository: OpenRepository
    let host: Host

    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            let failure = Failure(describing: error)
            complain("engine-bench: \(failure.summary)")
            exit(1)
        }
    }

    private static func run(_ words: [String]) throws {
        let host = Host.current()
        let password = Password(getenv("RESTIC_PASSWORD").map { String(cString: $0) } ?? "")
        switch (words.first, words.count) {
        case ("init", 2):
            _ = try OpenRepository.create(in: DirectoryStorage.create(at: words[1]), password: password, host: host)
        case ("backup", 3): try open(words[1], password, host).backup(words[2])
        case ("restore", 3): try open(words[1], password, host).restore(to: words[2])
        case ("loop", 3): try open(words[1], password, host).loop(words[2])
        case ("check", 2): try open(words[1], password, host).check()
        default:
            complain("usage: engine-bench init REPO | backup REPO DIR | restore REPO DIR | check REPO | loop REPO DIR")
            exit(2)
        }
    }

    private static func complain(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    private static func open(_ path: String, _ password: Password, _ host: Host) throws -> EngineBench {
        EngineBench(repository: try OpenRepository.open(DirectoryStorage(path), password: password, host: host), host: host)
    }

    private func backup(_ path: String) throws {
        let lock = try repository.lockForWriting()
        defer { lock.release() }
        let parent = try repository.snapshots().snapshots.last
        let writer = try lock.loadIndex().beginWriting()
        let outcome = try Archiver(writer: writer, host: host).archive(
            LocalDirectory(path: path), parent: parent?.file.tree, shape: .contentDefined, job: JobControl())
        let totals = try writer.finish()
        var snapshot = SnapshotFile(
            time: NodeTime(host.clock.now()), tree: outcome.tree, paths: [path], hostname: host.name, username: host.user)
        snapshot.parent = parent?.id
        _ = try repository.save(snapshot)
        print("\(outcome.totals.files) files, \(outcome.totals.bytes) bytes, \(totals.bytes) bytes added, \(outcome.issueCount) issues")
    }

    private func restore(to path: String) throws {
        guard let snapshot = try repository.snapshots().snapshots.last else { throw Failure(.notFound, "there is no snapshot") }
        let image = ArchivedTree(repository: try repository.loadIndex(), id: snapshot.file.tree)
        let restore = TreeRestore(image: .archived(image), destination: path, host: host)
        let job = JobControl()
        let outcome = try restore.apply(try restore.plan(job: job), job: job)
        print("\(outcome.bytesWritten) bytes written, \(outcome.issueCount) issues")
    }

    private func loop(_ path: String) throws {
        let (read, sealed) = try BareLoop(host: host).run(path, with: repository)
        print("\(read) bytes read, \(sealed) bytes sealed")
    }

    private func check() throws {
        let report = try repository.check(data: .all)
        for problem in report.problems { print(problem) }
        print("\(report.blobs) blobs, \(report.bytesRead) bytes read, \(report.problems.count) problems")
        if !report.isSound { exit(1) }
    }
}
