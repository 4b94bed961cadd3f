import HostIO
import Model
import ResticFormat
import Testing
import TestSupport

@testable import RepositoryEngine

/// Random histories of backups, forgets and prunes; after every step each listed snapshot is read whole.
@Suite(.timeLimit(.minutes(10)))
struct PruneModelTests {
    /// A backup that has begun and not ended.
    private struct UnderWay {
        let writer: BlobWriter
        let sealer: BlobSealer
        /// What it can build upon.
        let basis: [SampleTree]
    }

    private final class History {
        let sample: SampleRepository
        var random: SeededRandom
        var held: [StoredSnapshot: SampleTree] = [:]
        /// Trees that once were, so that later backups meet their blobs again.
        var trees: [SampleTree] = []
        var underWay: [UnderWay] = []
        var log: [String] = []

        init(seed: UInt64) throws {
            sample = try SampleRepository()
            random = SeededRandom(seed: seed)
        }

        private func tree() -> SampleTree {
            if let old = trees.randomElement(using: &random), Int.random(in: 0..<3, using: &random) > 0 {
                return Bool.random(using: &random) ? old : old.changed(&random)
            }
            return .random(&random, files: Int.random(in: 1...8, using: &random), bytes: 9000)
        }

        func step() throws {
            switch Int.random(in: 0..<12, using: &random) {
            case 0, 1, 2:
                log.append("backup")
                let tree = tree()
                trees.append(tree)
                held[try sample.repository.backUp(tree, chunk: 2048)] = tree
            case 3:
                guard underWay.count < 3 else { return }
                log.append("begin")
                let writer = try sample.reopened().beginWriting()
                underWay.append(UnderWay(writer: writer, sealer: try writer.makeSealer(), basis: Array(held.values)))
                if Bool.random(using: &random) { try forgetAll() }
            case 4, 5: try endOne()
            case 6, 7:
                guard let id = held.keys.sorted(by: { $0.id < $1.id }).randomElement(using: &random) else { return }
                log.append("forget")
                try sample.repository.removeSnapshot(id.id)
                held[id] = nil
            case 8, 9, 10:
                let grace = ([0, 3600, 86_400] as [Double]).randomElement(using: &random) ?? 0
                let waste = ([0, 0.05, 0.5] as [Double]).randomElement(using: &random) ?? 0
                log.append("prune grace \(grace) waste \(waste)")
                _ = try sample.repository.prune(PruneOptions(grace: grace, tolerableWaste: waste))
            default:
                let seconds = Int.random(in: 1...100_000, using: &random)
                log.append("wait \(seconds)")
                try sample.clock.pass(.seconds(seconds), refreshing: underWay.map(\.writer.lock))
            }
        }

        /// All that the backups under way may build upon is marked.
        private func forgetAll() throws {
            log.append("forget all and mark")
            for snapshot in held.keys { try sample.repository.removeSnapshot(snapshot.id) }
            held = [:]
            _ = try sample.repository.prune(PruneOptions(grace: 3600))
        }

        /// An open backup commits, is abandoned, or is dropped as by a crash.
        private func endOne() throws {
            guard !underWay.isEmpty else { return }
            let job = underWay.remove(at: Int.random(in: 0..<underWay.count, using: &random))
            if Bool.random(using: &random) {
                log.append("prune before the end")
                try sample.clock.pass(.seconds(100_000), refreshing: (underWay + [job]).map(\.writer.lock))
                _ = try sample.repository.prune(PruneOptions(grace: 3600))
            }
            let tree = job.basis.randomElement(using: &random) ?? tree()
            let root = try job.writer.save(tree, chunk: 2048, using: job.sealer)
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                log.append("abandon")
                job.writer.abandon()
            case 1:
                log.append("finish without a snapshot")
                _ = try job.writer.finish()
            default:
                log.append("end")
                trees.append(tree)
                held[try sample.commit(root, by: job.writer)] = tree
            }
            job.writer.lock.release()
        }
    }

    @Test("Whatever is backed up, forgotten and pruned in whatever order, every listed snapshot stays whole", arguments: 0..<6)
    func randomHistories(round: UInt64) throws {
        let seed = SeededRandom(named: "randomHistories").seed &+ round
        let history = try History(seed: seed)
        for _ in 0..<60 {
            do { try history.step() } catch {
                Issue.record("seed \(seed): \(error) after \(history.log.suffix(12))")
                return
            }
            expectHolds(history.held, in: history.sample.repository, "seed \(seed), after \(history.log.suffix(12)):")
        }
        for job in history.underWay {
            job.writer.abandon()
            job.writer.lock.release()
        }
        for id in history.held.keys { try history.sample.repository.removeSnapshot(id.id) }
        _ = try history.sample.repository.prune(PruneOptions(grace: 0))
        #expect(try history.sample.names("data").isEmpty, "seed \(seed)")
        #expect(try history.sample.repository.deletionMarks().isEmpty, "seed \(seed)")
        #expect(try history.sample.names("locks").isEmpty, "seed \(seed)")
    }
}
