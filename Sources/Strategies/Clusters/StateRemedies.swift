package import HostIO
package import Model
package import StoreContract

/// SQL for what restores could not make: a file in `remedies/` for each database of each restore, for `psql` or whatever runs SQL.
extension StateDirectory {
    static let remedies = "remedies"
    /// The oldest go.
    private static let mostRemedies = 100

    /// Gives the absolute paths of the files, in the order of the databases.
    package func keep(_ remedies: [RestoreRemedy], of store: String, at time: Timestamp, _ host: Host) throws -> [String] {
        guard !remedies.isEmpty else { return [] }
        let folder = try subfolder(Self.remedies)
        let databases = Set(remedies.map(\.database)).sorted()
        let paths = try databases.enumerated().map { index, database in
            let name = "\(time.compact)-\(host.randomHex(bytes: 4))-\(index + 1).sql"
            let text = RemedyScript(store: store, database: database, remedies: remedies.filter { $0.database == database }).text
            try AtomicFile.write(Array(text.utf8), to: Array(name.utf8), in: folder.descriptor)
            return "\(path)/\(Self.remedies)/\(name)"
        }
        let names = try folder.descriptor.reopenDirectory().entries().map(\.name).sorted { $0.lexicographicallyPrecedes($1) }
        for name in names.dropLast(Self.mostRemedies) { try removeTree(name, in: folder.descriptor) }
        return paths
    }
}

/// A file of SQL; what is told beside the SQL stands in comments of one line.
struct RemedyScript {
    let store: String
    let database: String
    let remedies: [RestoreRemedy]

    var text: String {
        let head = """
            -- What a restore of the store \(Self.line(store)) could not make in the database \(Self.line(database)).
            -- When the causes are gone, look through it and run it there, as a superuser: psql -d DATABASE -f FILE
            SET standard_conforming_strings = on;
            SET client_encoding = 'UTF8';

            """
        return head
            + remedies.map { "\n-- \(Self.line($0.what))\n-- \(Self.line($0.reason))\n\($0.sql)\n" }.joined()
    }

    private static func line(_ text: String) -> String { printable(text, limit: 1000) }
}
