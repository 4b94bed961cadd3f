import HostIO
import Model
import PostgresStore
import StoreContract
import TestSupport

/// A server with every kind of object that its release has, and the store that protects it.
final class ZooCluster {
    let fixture: PostgresFixture
    let run: StoreRun

    /// With what it holds.
    init(_ form: PostgresFixture.Form, _ release: PostgresServer.Release = .debian15) throws {
        fixture = try PostgresFixture(form, release: release, settings: PostgresZoo.settings)
        run = try StoreRun(fixture)
        try PostgresZoo.fill(fixture.server)
    }

    /// Without anything, for what is in another; tablespaces go where this server has its own.
    init(emptyFor source: ZooCluster, _ release: PostgresServer.Release = .debian15) throws {
        let place = PostgresZoo.space(of: source.server)
        fixture = try PostgresFixture(.dump, release: release, settings: PostgresZoo.settings) { access in
            let home = access.connection.split(separator: " ").first.map { String($0.dropFirst("host=".count)) } ?? ""
            access.tablespaces = [place: Path.join(home, "space")]
        }
        _ = try fixture.server.folder("space")
        run = try StoreRun(fixture)
    }

    var server: PostgresServer { fixture.server }

    /// What a backup keeps of an image.
    func backup(of image: StoreImage, _ extent: StoreExtent = .whole) throws -> (image: StoreImage, contents: RebuiltContents) {
        let reduced = try fixture.store.reduce(image, to: extent, scratch: run.scratch, job: JobControl())
        guard case .beingRebuilt(let store) = reduced else { throw Failure(.internal, "not rebuilt") }
        let (tree, contents) = try ImageRepository().archive(store)
        return (.archived(tree), contents)
    }
}

/// What is not there after a restore, thing by thing, as ``PostgresInventory`` tells it. The page on operations says why.
enum NotKept {
    /// Nobody provides the labels.
    static let labels = [
        "- server: SECURITY LABEL FOR nobody ON ROLE readers IS 'secret';",
        "- latin1: TABLE \"B\u{FFFD}cher \u{FFFD}\"; Type: SECURITY LABEL; Schema: Sch\u{FFFD}ne; Owner: postgres",
    ]
    static let settingsOfTheServer = ["- postgres: setting of the server: work_mem = 11MB"]
    static let preparedTransactions = ["- contrib: prepared: it's undecided"]
    /// Of the database zoo.
    static let inDumps = [
        "- zoo: invalid index: public.twice_invalid",
        "- zoo: dropped columns of public.animal: 1", "- zoo: dropped columns of tools.sale_south: 1",
        "- zoo: columns of public.child: id, t, more, own, later", "+ zoo: columns of public.child: id, t, later, more, own",
        "- zoo: columns of public.grandchild: id, t, more, own, later", "+ zoo: columns of public.grandchild: id, t, later, more, own",
    ]
    static let inFiles = PostgresZoo.lostInFiles
    /// On a later release; both are built without ICU, the later one without lz4.
    static func on(_ release: PostgresServer.Release) -> [String] {
        let ofICU = [
            "- zoo: any_case; Type: COLLATION; Schema: public; Owner: postgres",
            "- zoo: numbers; Type: COLLATION; Schema: public; Owner: postgres",
            "- zoo: sorted; Type: TABLE; Schema: public; Owner: postgres",
            "- zoo: sorted sorted_c_key; Type: CONSTRAINT; Schema: public; Owner: postgres",
            "- zoo: rows of public.sorted", "- zoo: columns of public.sorted: t, c",
            "~ icu: icu; Type: DATABASE; Schema: -; Owner: postgres",
        ]
        return elsewhere + ofICU + (release == .eighteen ? ["~ zoo: animal; Type: TABLE; Schema: public; Owner: zoo owner"] : []) + [
            "~ zoo: waiting; Type: SUBSCRIPTION; Schema: -; Owner: postgres",
            "- contrib: FUNCTION pg_stat_statements_reset(userid oid, dbid oid, queryid bigint); Type: ACL; Schema: public; Owner: postgres",
        ]
    }
    /// What somebody has given a role cannot be taken away, but put off for ever.
    static let endsOfValidity = [
        "- server: ALTER ROLE maker WITH NOSUPERUSER INHERIT CREATEROLE CREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;",
        "+ server: ALTER ROLE maker WITH NOSUPERUSER INHERIT CREATEROLE CREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS VALID UNTIL 'infinity';",
    ]
    static let elsewhere = labels + settingsOfTheServer + preparedTransactions + inDumps
}
