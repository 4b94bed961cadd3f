import Clusters
import HostIO
import Model
import Snapshots
import TestSupport
import Testing

/// A cluster of which something may not be removed.
@Suite(.enabled(if: isRoot)) struct DeletionObstacleTests {
    @Test func `nothing of any store is removed while an entry of one may not be`() throws {
        let home = try TemporaryDirectory()
        let small = try SmallCluster(in: home.path)
        let cluster = try small.load()
        _ = try cluster.initialize()
        let locked = ["lake/facts.dat", "accounts.db"].map { "\(home.path)/srv/\($0)" }
        for path in locked { try chattr("+i", path) }
        defer { for path in locked { try? chattr("-i", path) } }
        let attempts: [() throws -> Void] = [{ _ = try cluster.planDeletion() }, { try cluster.delete(job: JobControl()) }]
        for attempt in attempts {
            let failure = Failure(describing: try #require(throws: (any Error).self) { try attempt() })
            #expect(failure.code == .refused)
            for path in locked {
                #expect(failure.message.contains("\(path) (it is immutable") && failure.hint?.contains("chattr -R -i -a \(path)") == true)
            }
        }
        #expect(try small.text("uploads/sub/file0") == "upload 0")
        for path in locked { try chattr("-i", path) }
        _ = try cluster.planDeletion()
        try cluster.delete(job: JobControl())
        #expect(try small.text("uploads/sub/file0") == nil)
    }

    private func chattr(_ flag: String, _ path: String) throws {
        let outcome = try ChildProcess(["chattr", flag, path]).run()
        guard outcome.succeeded else { throw ToolFailed(arguments: ["chattr", flag, path], outcome: outcome) }
    }
}
