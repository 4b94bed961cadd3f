package import HostIO
import Model
import ObjectStorage
package import ResticFormat
import Synchronization

/// All blobs that some trees refer to, found by walking every tree once, on all processors.
package final class Reachability: Sendable {
    let used: Mutex<BlobSet>
    private let repository: IndexedRepository
    private let job: JobControl?
    private let work: Monitor<Work>
    private let found: Mutex<[CheckProblem]>

    private struct Work: Sendable {
        var stack: [TreeID]
        var busy = 0
    }

    private init(_ roots: [TreeID], in repository: IndexedRepository, job: JobControl?) {
        self.repository = repository
        self.job = job
        used = Mutex(BlobSet())
        found = Mutex([])
        work = Monitor(Work(stack: []))
        for root in roots { enqueue([root]) }
    }

    /// Walks `roots`. What is missing, damaged or wrong on the way is in ``problems``, and the walk goes on beside it.
    package static func walk(_ roots: [TreeID], in repository: IndexedRepository, job: JobControl? = nil) throws -> Reachability {
        let walk = Reachability(roots, in: repository, job: job)
        try runWorkers(repository.host.processors, named: "trees", onFailure: { _ in walk.work.change { $0.busy = -1 } }) { _ in
            let opener = try repository.makeOpener()
            while let tree = walk.next() {
                try job?.checkCancelled()
                try walk.visit(tree, opener)
                walk.work.change { $0.busy -= 1 }
            }
        }
        return walk
    }

    /// The set itself; the walk is over and keeps an empty one.
    func takeUsed() -> BlobSet {
        used.withLock { used in
            let taken = used
            used = BlobSet()
            return taken
        }
    }

    package var problems: [CheckProblem] { found.withLock { $0 } }

    private func next() -> TreeID? {
        work.wait { work -> TreeID?? in
            if work.busy < 0 { return .some(nil) }
            if let tree = work.stack.popLast() {
                work.busy += 1
                return .some(tree)
            }
            return work.busy == 0 ? .some(nil) : nil
        }
    }

    private func enqueue(_ trees: [TreeID]) {
        let new = used.withLock { used in trees.filter { used.insert($0.naming(BlobNamed.self), .tree) } }
        if !new.isEmpty { work.change { $0.stack += new } }
    }

    /// Nodes that are looked at before what they refer to is noted.
    private static let nodesInBatch = 4096

    private func visit(_ id: TreeID, _ opener: BlobOpener) throws {
        do {
            let nodes = try repository.nodes(of: id, using: opener)
            var rules = TreeRules(of: id, in: repository)
            while case let batch = try self.batch(of: nodes), !batch.isEmpty {
                try job?.checkCancelled()
                enqueue(batch.compactMap(\.subtree))
                used.withLock { used in
                    for node in batch {
                        for blob in node.content ?? [] { used.insert(blob, .data) }
                    }
                }
                for node in batch { rules.problems(of: node).forEach(add) }
            }
        } catch let error as RepositoryError {
            add(CheckProblem(.tree(id), Failure(describing: error).summary))
        } catch let error as FormatError {
            add(CheckProblem(.tree(id), Failure(describing: error).summary))
        } catch let error as StorageError where error.isAboutOneObject {
            add(CheckProblem(.tree(id), Failure(describing: error).summary))
        }
    }

    private func batch(of nodes: TreeNodes) throws -> [Node] {
        var batch: [Node] = []
        while batch.count < Self.nodesInBatch, let node = try nodes.next() { batch.append(node) }
        return batch
    }

    private func add(_ problem: CheckProblem) { found.withLock { $0.append(problem) } }
}
