import HostIO
import ObjectStorage
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

/// The script of ``CrashScript`` is stopped at every single storage operation, in every way in which one can go wrong.
@Suite(.timeLimit(.minutes(10)))
struct CrashTests {
    private struct Undisturbed {
        let operations: [StorageOperation]
        var changes: Int { operations.count { $0.isChange } }
    }

    private func undisturbed() throws -> Undisturbed {
        let script = CrashScript()
        let faulty = FaultyStorage(script.storage)
        try script.run(through: faulty)
        #expect(try script.complaints() == [])
        #expect(script.promised.count == 2)
        #expect(try script.storage.list("holdfast").isEmpty && script.storage.list("locks").isEmpty)
        return Undisturbed(operations: faulty.log)
    }

    /// Runs the script into the fault, looks, and runs it again to the end. Where it was, and what is wrong.
    private func stop(by faults: [Fault]) throws -> (phase: String, complaints: [String], wasHit: Bool) {
        let script = CrashScript()
        var wasHit = false
        do { try script.run(through: FaultyStorage(script.storage, faults: faults)) } catch { wasHit = true }
        let phase = script.phase
        var complaints = try script.complaints()
        do {
            try script.run(through: script.storage)
            complaints += try script.complaints().map { "after running again: \($0)" }
            if let repository = try script.afterwards() {
                complaints += try leftovers(of: repository, script.storage)
            }
        } catch { complaints.append("running again: \(error)") }
        return (phase, complaints, wasHit)
    }

    /// One more prune must find nothing that a crash left behind for good.
    private func leftovers(of repository: OpenRepository, _ storage: MemoryStorage) throws -> [String] {
        _ = try repository.prune(PruneOptions(grace: 0, tolerableWaste: 0))
        let report = try repository.check(data: .none)
        let marks = try repository.deletionMarks().count
        return (report.orphanedPacks.isEmpty ? [] : ["orphans stay"]) + (marks == 0 ? [] : ["marks stay"])
            + (try repository.planPrune(PruneOptions(grace: 0, tolerableWaste: 0)).isEmpty ? [] : ["there is still something to prune"])
    }

    @Test("A crash before or after any change loses no snapshot, and the work can be done again", arguments: [false, true])
    func crash(effectTaken: Bool) throws {
        let changes = try undisturbed().changes
        #expect(changes > 50)
        for change in 1...changes {
            let fault = Fault(StorageOperation.changes, from: change, effectTaken ? .crashAfter : .crashBefore)
            let result = try stop(by: [fault])
            #expect(result.complaints == [], "crash at change \(change) of \(changes), in \(result.phase)")
        }
    }

    @Test("A change that fails once, with its effect or without, loses nothing either", arguments: [false, true])
    func failure(effectTaken: Bool) throws {
        let changes = try undisturbed().changes
        for change in 1...changes {
            let kind: StorageError.Kind = change % 2 == 0 ? .noSpace : .inputOutput
            let result = try stop(by: [
                Fault(StorageOperation.changes, from: change, effectTaken ? .failAfterEffect(kind) : .fail(kind))
            ])
            #expect(result.complaints == [], "failure at change \(change) of \(changes), in \(result.phase)")
        }
    }

    @Test("A look that fails once is an error or goes by, and loses nothing")
    func failingLooks() throws {
        let looks: Set<StorageOperation.Kind> = [.list, .size, .read]
        let count = try undisturbed().operations.count { looks.contains($0.kind) }
        var errors = 0
        // Every third, beginning at another one each time.
        for look in stride(from: Int.random(in: 1...3), through: count, by: 3) {
            let result = try stop(by: [Fault(looks, from: look, .fail(.inputOutput))])
            if result.wasHit { errors += 1 }
            #expect(result.complaints == [], "failure at look \(look) of \(count), in \(result.phase)")
        }
        #expect(errors > 20)
    }

    @Test("A read that comes back with a wrong bit once is noticed, and loses nothing")
    func flippedReads() throws {
        let reads = try undisturbed().operations.count { $0.kind == .read }
        for read in stride(from: Int.random(in: 1...2), through: reads, by: 2) {
            let result = try stop(by: [Fault([.read], from: read, .flipBit(at: Int.random(in: 0..<64)))])
            #expect(result.complaints == [], "wrong bit in read \(read) of \(reads), in \(result.phase)")
        }
    }

    @Test("A storage that is full from some change on loses nothing, and works again when there is room")
    func fullForLong() throws {
        let changes = try undisturbed().changes
        for change in 1...changes {
            let result = try stop(by: [Fault([.write, .replace], from: change, times: nil, .fail(.noSpace))])
            #expect(result.complaints == [], "full from change \(change) of \(changes), in \(result.phase)")
        }
    }

    @Test("A torn write, by a storage that breaks its promise, costs nothing that was there before")
    func tornWrites() throws {
        let writes = try undisturbed().operations.count { $0.kind == .write }
        for write in 1...writes {
            let script = CrashScript()
            let faulty = FaultyStorage(script.storage, faults: [Fault([.write], from: write, .tear(keeping: 40, .inputOutput))])
            try? script.run(through: faulty)
            // A torn config is no repository, and a torn key none that opens; nothing was promised then.
            if write <= 2 {
                #expect(script.promised.isEmpty)
                continue
            }
            #expect(try script.complaints(toleratingTornFiles: true) == [], "write \(write) of \(writes), in \(script.phase)")
        }
    }
}
