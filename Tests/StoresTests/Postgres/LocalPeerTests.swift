import Glibc
import HostIO
import Model
@testable import PostgresStore
import StoreContract
import TestSupport
import Testing

/// A server that lets in through its socket whom the system calls like the role, and nobody else, as Debian sets one up; Holdfast is root.
@Suite(.enabled(if: PostgresServer.isInstalled && geteuid() == 0), .timeLimit(.minutes(5))) struct LocalPeerTests {
    private func makePeer(_ fixture: PostgresFixture) throws {
        try fixture.server.sql("SELECT 1")
        let file = Path.join(fixture.server.data, "pg_hba.conf")
        let owner = try #require(try statusOfPath(file))
        let user = try #require(LocalPeer.name(of: owner.uid))
        // The role of the fixture is not called as the user is, so a map says who may be it.
        try AtomicFile.write(Array("holdfast \(user) postgres\n".utf8), to: Path.join(fixture.server.data, "pg_ident.conf"), mode: 0o644)
        try AtomicFile.write(Array("local all all peer map=holdfast\n".utf8), to: file, mode: 0o644)
        for name in ["pg_ident.conf", "pg_hba.conf"] {
            try Descriptor.openDirectory(fixture.server.data).setOwner(of: Array(name.utf8), uid: owner.uid, gid: owner.gid)
        }
        try fixture.server.stop()
        try fixture.server.start()
    }

    @Test func `snapshots, restores and parts of such a server, and nothing of it stays with this process`() throws {
        let fixture = try PostgresFixture(.dump)
        let run = try StoreRun(fixture)
        try fixture.fill()
        let content = try fixture.server.sql("SELECT count(*), sum(balance) FROM account", in: "acme")
        try makePeer(fixture)
        let server = fixture.server.connection
        #expect(throws: Never.self) { try run.adapter.open() }
        #expect(LocalPeer.account(of: server) != nil, "root is refused by its name")
        let image = try run.archive("a")
        let outsider = { (sql: String) in
            let connection = try PostgresConnection(server, database: "acme")
            defer { connection.close() }
            try connection.execute(sql)
        }
        try outsider("DELETE FROM public.fact_sales; DELETE FROM public.account WHERE id > 10")
        try run.restore(image)
        let connection = try PostgresConnection(server, database: "acme")
        defer { connection.close() }
        let row = try connection.rows("SELECT count(*), sum(balance) FROM public.account")[0].map { $0 ?? "" }.joined(separator: "|")
        #expect("\(row)\n" == content)
        let plan = try run.adapter.planPart(
            StorePart(database: "acme", newName: "other"), of: image, scratch: run.scratch, job: JobControl())
        defer { run.adapter.releasePart(plan) }
        #expect(try run.adapter.applyPart(plan, job: JobControl()) == StorePartOutcome())
        #expect(geteuid() == 0 && getegid() == 0)
    }

    @Test func `a thread acts as somebody else for as long as it is asked to, whatever happens, and no other does`() throws {
        let account = LocalPeer.Account(name: "nobody", uid: 65534, gid: 65534)
        let home = try TemporaryDirectory()
        let file = home.file("closed")
        try AtomicFile.write([1], to: file, mode: 0o600)
        let reads = { @Sendable in (try? AtomicFile.read(file, limit: 10)) != nil }
        #expect(reads())
        let began = Monitor(false)
        let other = try WorkerThread(named: "other") {
            began.wait { $0 ? () : nil }
            guard reads() else { throw Cancelled() }
        }
        LocalPeer.acting(as: account) {
            #expect(!reads())
            began.change { $0 = true }
            #expect(throws: Never.self) { try other.join() }
        }
        #expect(reads())
        #expect(throws: Cancelled.self) { try LocalPeer.acting(as: account) { throw Cancelled() } }
        #expect(reads())
    }

    @Test func `stores are proposed for servers and configurations that none has`() throws {
        let home = try TemporaryDirectory()
        let (configuration, data) = (home.file("etc/15/main"), home.file("data"))
        for folder in [configuration, data, home.file("etc/15/down")] { try makeDirectories(folder) }
        let text = "data_directory = '\(data)'\t# use data in another directory\nport = 5439\nunix_socket_directories = '\(home.path)'\n"
        try AtomicFile.write(Array(text.utf8), to: Path.join(configuration, "postgresql.conf"), mode: 0o644)
        try AtomicFile.write(Array("data_directory = '/nowhere'\n".utf8), to: home.file("etc/15/down/postgresql.conf"), mode: 0o644)
        try AtomicFile.write(Array("1\n".utf8), to: Path.join(data, "postmaster.pid"), mode: 0o600)
        let clusters = DebianClusters(in: home.file("etc"))
        let head = "cluster: acme\nrelease: \"1\"\nstate: /s\nstorage: /t\npassword-file: /p\nstores:\n"
        let file = { (stores: [String]) in
            try ClusterFile(parsing: head + stores.joined(separator: "\n") + "\n", at: "/etc/holdfast/cluster.yaml")
        }
        let other = "  - {name: files, kind: directory, role: content, path: /srv}"
        let lines = clusters.proposals(for: try file([other]))
        #expect(lines.count == 3 && lines[0].contains("PostgreSQL 15/main"), "\(lines)")
        // What is proposed is what the file takes, and then there is nothing to propose.
        #expect(try clusters.proposals(for: file([other] + lines.dropFirst())).isEmpty)
        let server = "  - {name: a, kind: postgres, role: metadata, connection: \"host=\(home.path) port=5439\"}"
        #expect(try clusters.proposals(for: file([server])).count == 2, "its configuration")
    }
}
