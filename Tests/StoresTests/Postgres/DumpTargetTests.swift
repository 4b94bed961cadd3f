import HostIO
import Model
@testable import PostgresStore
import TestSupport
import Testing

@Suite(.enabled(if: PostgresServer.isInstalled), .timeLimit(.minutes(5))) struct DumpTargetTests {
    @Test func `after a failure a database that nobody has touched is made again, and any other comes back`() throws {
        struct Broken: Error {}
        let fixture = try PostgresFixture(.dump)
        let target = try DumpTarget(fixture.store, host: .forTests())
        let number = { try fixture.server.sql("SELECT oid FROM pg_database WHERE datname = 'postgres'", in: "template1") }
        let fail = {
            _ = #expect(throws: Broken.self) {
                try target.replace("postgres") {
                    #expect(try number().isEmpty)
                    try fixture.server.sql("CREATE DATABASE postgres", in: "template1")
                    throw Broken()
                }
            }
        }
        let (content, first) = (try fixture.content(), try number())
        fail()
        #expect(try fixture.content() == content && number() != first)
        let comment = "SELECT pg_get_userbyid(datdba), shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'postgres'"
        #expect(try fixture.server.sql(comment) == "postgres|default administrative connection database\n")
        for (change, back) in [
            ("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION one()"),
            ("CREATE COLLATION mine FROM \"C\"", "DROP COLLATION mine"),
            ("ALTER DATABASE postgres SET work_mem = '8MB'", "ALTER DATABASE postgres RESET ALL"),
            ("GRANT CREATE ON SCHEMA public TO public", "REVOKE CREATE ON SCHEMA public FROM public"),
            ("CREATE ROLE watch; GRANT EXECUTE ON FUNCTION pg_ls_logdir() TO watch", "DROP OWNED BY watch; DROP ROLE watch"),
            ("GRANT EXECUTE ON FUNCTION pg_ls_logdir() TO public", "REVOKE EXECUTE ON FUNCTION pg_ls_logdir() FROM public"),
            ("COMMENT ON DATABASE postgres IS 'ours'", "COMMENT ON DATABASE postgres IS 'default administrative connection database'"),
        ] {
            try fixture.server.sql(change)
            let (content, before) = (try fixture.content(), try number())
            fail()
            #expect(try fixture.content() == content && number() == before, "\(change)")
            try fixture.server.sql(back)
        }
        let last = try number()
        fail()
        #expect(try number() != last, "all of that was taken back")
    }

    @Test(arguments: [PostgresServer.Release.debian15, .seventeen, .eighteen])
    func `a new server's database is untouched`(_ release: PostgresServer.Release) throws {
        let fixture = try PostgresFixture(.dump, release: release)
        let target = try DumpTarget(fixture.store, host: .forTests())
        let number = { try fixture.server.sql("SELECT oid FROM pg_database WHERE datname = 'postgres'", in: "template1") }
        let before = try number()
        #expect(throws: Cancelled.self) { try target.replace("postgres") { throw Cancelled() } }
        #expect(try number() != before)
    }
}
