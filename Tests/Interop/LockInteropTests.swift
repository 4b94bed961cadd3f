import HostIO
import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat
import Testing
import TestSupport

/// Each side respects the locks of the other.
@Suite(.enabled(if: Restic.isInstalled), .timeLimit(.minutes(10)))
struct LockInteropTests {
    @Test("While we write, restic backs up and does not prune; while we prune, it does neither")
    func resticRespectsOurs() throws {
        let shared = try SharedRepository()
        let repository = try shared.create()
        let folder = try shared.folder("source", SampleTree(files: ["a": [1, 2, 3]]))
        for purpose in LockPurpose.allCases {
            let lock = try repository.lock(purpose)
            let backup = try shared.restic.attempt("backup", ".", workingDirectory: folder)
            let prune = try shared.restic.attempt("prune")
            #expect(backup.succeeded == (purpose != .prune), "\(purpose) \(backup.errorText)")
            #expect(!prune.succeeded && prune.errorText.contains("lock"), "\(purpose) \(prune.errorText)")
            #expect(prune.errorText.contains("testhost") && prune.errorText.contains("tester"))
            lock.release()
            #expect(try shared.restic.attempt("prune").succeeded)
        }
        try shared.restic.check()
    }

    @Test("restic's unlock leaves a live lock of ours and removes a stale one")
    func unlock() throws {
        let shared = try SharedRepository()
        let repository = try shared.create()
        let lock = try repository.lock(.write)
        try shared.restic.run("unlock")
        #expect(try shared.storage.list("locks").count == 1)
        lock.release()
        let past = try SharedRepository(clock: ManualClock())
        let stale = try past.create().lock(.prune)
        try past.restic.run("unlock")
        #expect(try past.storage.list("locks").isEmpty)
        stale.release()
    }

    @Test("While restic backs up, we back up and do not prune; when it is done, we do")
    func weRespectRestic() throws {
        let shared = try SharedRepository()
        let repository = try shared.create()
        let kept = try repository.backUp(SampleTree(files: ["a": [1, 2, 3]]))
        let fifo = shared.directory.file("fifo")
        _ = try ChildProcess(["mkfifo", fifo]).run()
        let thread = try WorkerThread(named: "restic") {
            let outcome = try shared.restic.attempt(shell: "exec \"$RESTIC\" backup --stdin < '\(fifo)'")
            guard outcome.succeeded else { throw ToolFailed(arguments: ["restic", "backup"], outcome: outcome) }
        }
        do {
            let pipe = try Descriptor.open(fifo, .write)
            // More than a pipe holds: when it is written, restic is reading, and so has locked.
            var random = SeededRandom(named: "weRespectRestic")
            try random.bytes(3 << 20).withUnsafeBytes { try pipe.write([$0]) }
            #expect(throws: RepositoryError.self) { try repository.prune(PruneOptions(grace: 0)) }
            try repository.backUp(SampleTree(files: ["b": [4, 5, 6]]))
            let locks = try repository.liveLocks()
            #expect(locks.count == 1 && locks.allSatisfy { !$0.file.isExclusive })
        }
        try thread.join()
        _ = try repository.prune(PruneOptions(grace: 0))
        try shared.restic.check()
        #expect(try repository.snapshots().snapshots.count == 3)
        #expect(try repository.restore(kept).files["a"] == [1, 2, 3])
    }
}
