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
    /// Nothing that is unlogged outlives the loss of power that the files show.
    static let inFiles = [
        "- zoo: rows of unlogged public.unlogged",
        "- zoo: values of public.s_unlogged 1 true", "+ zoo: values of public.s_unlogged 1 false",
    ]
    static let elsewhere = labels + settingsOfTheServer + preparedTransactions + inDumps
}
