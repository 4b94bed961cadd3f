@testable import Clusters
import HostIO
import Model
import StoreContract
import TestSupport
import Testing

@Suite struct RemedyScriptTests {
    @Test func `a database has a file with its SQL, and nothing of what is told beside it is more than a comment`() throws {
        let home = try TemporaryDirectory()
        let state = StateDirectory(path: home.file("state"))
        let remedies = [
            RestoreRemedy(database: "acme", what: "CREATE INDEX a", reason: "no\n\\! touch /tmp/x", sql: "CREATE INDEX a ON t (b);"),
            RestoreRemedy(database: "b\n\\! id", what: "a view", reason: "why", sql: "REFRESH MATERIALIZED VIEW v;"),
        ]
        let paths = try state.keep(remedies, of: "up", at: Timestamp(seconds: 0), .forTests())
        #expect(paths.count == 2)
        for (path, remedy) in zip(paths, remedies) {
            let text = String(decoding: try AtomicFile.read(path, limit: 1 << 20), as: UTF8.self)
            let lines = text.split(separator: "\n").map(String.init)
            #expect(lines.contains(remedy.sql))
            #expect(lines.allSatisfy { $0.hasPrefix("-- ") || $0.hasPrefix("SET ") || $0 == remedy.sql }, "\(text)")
            #expect(try statusOfPath(path)?.permissions == 0o600)
        }
    }

    @Test func `the oldest files go`() throws {
        let home = try TemporaryDirectory()
        let state = StateDirectory(path: home.file("state"))
        let remedy = RestoreRemedy(database: "acme", what: "w", reason: "r", sql: "SELECT 1;")
        for second in 0..<103 { _ = try state.keep([remedy], of: "up", at: Timestamp(seconds: Int64(second)), .forTests()) }
        let names = try Descriptor.openDirectory(home.file("state/remedies")).entries().map { FileName.text($0.name) }.sorted()
        #expect(names.count == 100 && names[0].hasPrefix(Timestamp(seconds: 3).compact), "\(names)")
    }
}
