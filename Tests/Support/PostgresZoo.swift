import HostIO
import Model

/// Every kind of object that PostgreSQL has, in the databases of a server: the scripts in `Tests/Zoo/postgres`.
package enum PostgresZoo {
    /// What a server has to be able to do for it.
    package static let settings = ["max_prepared_transactions = 9", "wal_level = logical"]

    /// What is put in besides.
    package struct Extras: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        /// Names that are text in no encoding, in a database that has none.
        package static let bytesAsNames = Self(rawValue: 1)
        /// A database with a line feed in its name.
        package static let lineFeeds = Self(rawValue: 2)
        /// Extensions that the servers of later releases lack here.
        package static let moreExtensions = Self(rawValue: 4)
    }

    package static let extras: Extras = []

    /// What files of a running server lack, as ``PostgresInventory`` tells it: nothing that is unlogged outlives the loss of power that they show.
    package static let lostInFiles = [
        "- zoo: rows of unlogged public.unlogged",
        "- zoo: values of public.s_unlogged 1 true", "+ zoo: values of public.s_unlogged 1 false",
    ]

    private static let scripts = Path.join(Path.parent(Path.parent(#filePath)), "Zoo/postgres")
    /// Carried by Debian's package of release 15 alone.
    private static let rareExtensions = "{pgcrypto,uuid-ossp,xml2}"

    /// Makes all of it in a new server; the tablespace goes into its folder ``space(of:)``.
    package static func fill(_ server: PostgresServer) throws {
        let word = { (extra: Extras) in extras.contains(extra) ? "on" : "off" }
        let values = [
            "place=\(try server.folder("space"))", "line_feeds=\(word(.lineFeeds))", "bytes=\(word(.bytesAsNames))",
            "no_extension=\(extras.contains(.moreExtensions) ? "{}" : rareExtensions)",
        ]
        try run("cluster.sql", on: server, values)
        try run("zoo.sql", on: server, in: "zoo")
        try run("others.sql", on: server, values)
    }

    /// Changes a bit of everything.
    package static func damage(_ server: PostgresServer) throws { try run("damage.sql", on: server) }

    package static func space(of server: PostgresServer) -> String { Path.join(server.home, "space") }

    private static func run(_ script: String, on server: PostgresServer, _ values: [String] = [], in database: String = "postgres") throws {
        try server.program("psql", ["-XAtq", "-d", database] + values.flatMap { ["-v", $0] } + ["-f", Path.join(scripts, script)])
    }

    /// What a dump without rows does not tell of a database: rows, values of sequences, large objects and the like, a line each.
    static func rows(_ server: PostgresServer, _ database: String, toldBy teller: PostgresServer) throws -> [UInt8] {
        try teller.output(
            of: "psql", ["-XAtq", "-h", server.home, "-d", connection(database), "-f", Path.join(scripts, "rows.sql")])
    }

    /// For programs, which take a plain name with some characters for a connection string.
    static func connection(_ database: String) -> String {
        "dbname='\(database.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }
}
