import HostIO
import ObjectStorage
import RepositoryEngine
import Testing
import TestSupport

/// What an interrupted engine leaves behind, in the eyes of restic.
@Suite(.enabled(if: Restic.isInstalled), .timeLimit(.minutes(10)))
struct CrashInteropTests {
    @Test("Wherever the engine dies, restic finds the repository without errors, and restores what was promised")
    func crashes() throws {
        let undisturbed = CrashScript()
        let counted = FaultyStorage(undisturbed.storage)
        try undisturbed.run(through: counted)
        // From the first change after the config on; each end at another phase of a change.
        for change in stride(from: Int.random(in: 3...7), through: counted.changeCount, by: 6) {
            let script = CrashScript()
            let faulty = FaultyStorage(script.storage)
            faulty.crash(atChange: change, effectTaken: change % 2 == 0)
            try? script.run(through: faulty)
            let shared = try SharedRepository()
            for (name, bytes) in script.storage.objects { try shared.storage.write(name, bytes) }
            // A lock of the dead may be left, and restic believes one of another host until it is told to look.
            try shared.restic.run("unlock")
            let outcome = try shared.restic.attempt("check", "--read-data")
            #expect(outcome.succeeded, "crash at change \(change), in \(script.phase): \(outcome.errorText)")
            if let (snapshot, tree) = script.promised.min(by: { $0.key.id < $1.key.id }) {
                #expect(try shared.resticRestore(snapshot.id) == tree, "crash at change \(change), in \(script.phase)")
            }
        }
    }
}
