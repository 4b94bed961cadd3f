import Archiving
import HostIO
import Model
import ResticFormat

/// The dump of one database in an image: all of it but the rows of tables in a directory of our own, where `pg_restore` finds empty files in
/// their place; the rows are read out of the image when they are needed.
struct DatabaseDump: Sendable {
    let name: String
    /// Absolute.
    let folder: String
    let entries: [DumpEntry]
    /// The largest first.
    let tables: [DumpedTable]
    /// Of its rows.
    let encoding: TextEncoding
    private let image: ImageTree
    private let directory: ImageDirectory

    /// What the rows that are read are known by to ``RowSums``; nil where the image may change.
    let identity: String?

    /// Unpacks into a directory in `scratch`, once for all that is done with the image there.
    init(_ name: String, of image: ImageTree, in scratch: String, _ programs: ServerPrograms, host: Host, job: JobControl) throws {
        self.name = name
        self.image = image
        identity = if case .archived(let tree) = image { "\(tree.id.hex)-\(DumpLayout.folder(of: name))" } else { nil }
        // A name of 63 bytes has up to 189 as a name of a file, which has 255 at most; half of the tree's digest tells trees apart.
        let tree = if case .archived(let tree) = image { String(tree.id.hex.prefix(32)) } else { host.randomHex(bytes: 6) }
        folder = Path.join(scratch, "dump-\(tree)-\(DumpLayout.folder(of: name))")
        let reader = try ImageReader(image)
        directory = try Self.directory(of: name, reader)
        let nodes = try reader.nodes(of: directory).filter { $0.type == .file }
        if try statusOfPath(folder) == nil {
            try Unpacking(folder: folder + ".part", directory: directory, job: job).run(nodes, reader)
            try Descriptor.openDirectory(scratch).rename(
                Array(Path.lastComponent(folder + ".part").utf8), to: Array(Path.lastComponent(folder).utf8))
        }
        let contents = try DumpContents(of: folder)
        (entries, encoding) = (contents.entries, contents.encoding)
        let files = Dictionary(nodes.map { ($0.name, $0) }) { first, _ in first }
        let tables = try contents.entries.filter(\.isData).map { entry in
            guard let node = files[entry.rowsFile] else {
                throw Failure(.damaged, "\(image.description): the rows of \(printable(entry.key, limit: 200)) are not there")
            }
            return try DumpedTable(entry, node, contents.text(entry.copyStatement))
        }
        self.tables = DumpedTable.inOneOrder(tables.sorted { $0.node.size > $1.node.size })
    }

    private static func directory(of name: String, _ reader: ImageReader) throws -> ImageDirectory {
        var directory = try reader.root().0
        for part in [DumpLayout.databases, DumpLayout.folder(of: name)] {
            guard let node = try reader.nodes(of: directory).first(where: { $0.name == Array(part.utf8) && $0.type == .dir }) else {
                throw Failure(.damaged, "\(reader.image.description): the dump of the database \(printable(name)) is not there")
            }
            directory = try reader.directory(node, in: directory)
        }
        return directory
    }

    private struct Unpacking {
        static let contents = Array("toc.dat".utf8)
        let folder: String
        let directory: ImageDirectory
        let job: JobControl

        func run(_ nodes: [Node], _ reader: ImageReader) throws {
            try removeTree(folder)
            try makeDirectories(folder)
            // For programs that are shut in; nobody else gets into the scratch directory above.
            try Descriptor.openDirectory(folder).setMode(0o755)
            for node in nodes where node.name == Self.contents { try write(node, reader) }
            let entries = try DumpContents(of: folder).entries
            let rows = Set(entries.filter(\.isData).map(\.rowsFile))
            for node in nodes where node.name != Self.contents {
                try job.checkCancelled()
                if rows.contains(node.name) {
                    _ = try makeFile(node.name)
                } else {
                    try write(node, reader)
                    if node.name.ends(with: ".toc") { try check(node.name) }
                }
            }
        }

        /// A list of large objects, a number and the name of a file each: `pg_restore` reads whatever file it names, which must be one of the dump.
        private func check(_ name: [UInt8]) throws {
            let bytes = try AtomicFile.read(Path.join(folder, FileName.text(name)), limit: 1 << 28)
            guard bytes.contains(UInt8(ascii: "/")) else { return }
            throw Failure(.damaged, "a dump names files that are not its own in \(printable(FileName.text(name)))")
        }

        private func makeFile(_ name: [UInt8]) throws -> Descriptor {
            let file = try Descriptor.openDirectory(folder).open(name, [.write, .createNew])
            try file.setMode(0o644)
            return file
        }

        private func write(_ node: Node, _ reader: ImageReader) throws {
            let file = try makeFile(node.name)
            try reader.read(node, in: directory) { try file.write($0) }
        }
    }

    /// Entries other than rows that belong to the data of the dump: values of sequences, large objects.
    var otherData: [DumpEntry] {
        let areMadeWithData = entries.contains(where: \.isLargeObjectMetadata)
        return entries.filter {
            $0.isSequenceValue || $0.isLargeObjectData || $0.isLargeObjectMetadata || areMadeWithData && $0.isOfLargeObject
        }
    }

    /// Reads the rows of a table, giving them to `send` as they are, and what they add up to. The caller's thread does the reading.
    func rows(
        of table: DumpedTable, _ key: RowKey, _ job: JobControl, _ send: (UnsafeRawBufferPointer) throws -> Void = { _ in }
    ) throws -> RowSum {
        var splitting = RowSplitting(key, order: table.order)
        try ImageReader(image).read(table.node, in: directory) { piece in
            try job.checkCancelled()
            try splitting.take(piece, send)
        }
        guard splitting.isWhole else {
            throw Failure(.damaged, "\(image.description): the rows of \(table.relation) in \(name) have no end")
        }
        return splitting.sum
    }
}

/// The rows of one table in a dump.
struct DumpedTable: Sendable {
    let entry: DumpEntry
    /// Of the file with the rows.
    let node: Node
    let target: CopiedTable
    /// For sums: where the first, the second, … column is in its rows; nil when they are in that order.
    private(set) var order: [Int]?

    /// Partitions whose rows are loaded into one table may have their columns in other orders: that of the first is taken for all.
    static func inOneOrder(_ tables: [DumpedTable]) -> [DumpedTable] {
        var first: [ExactName: DumpedTable] = [:]
        return tables.map { table in
            let model = first[ExactName(text: table.relation), default: table]
            first[ExactName(text: table.relation)] = model
            guard model.columnList != table.columnList else { return table }
            var table = table
            let names = table.target.columnNames
            let order = model.target.columnNames.compactMap(names.firstIndex)
            if order.count == names.count { table.order = order }
            return table
        }
    }

    init(_ entry: DumpEntry, _ node: Node, _ statement: String) throws {
        self.entry = entry
        self.node = node
        guard let target = CopiedTable(statement) else {
            throw Failure(.damaged, "a dump has a statement that loads no table: \(printable(statement, limit: 200))")
        }
        self.target = target
    }

    /// Of its file.
    var bytes: UInt64 { node.size }
    var relation: String { target.relation }
    var columns: String { target.columns }
    var columnList: String { target.columnList }
}

/// What `pg_restore` would run.
struct DumpStatements {
    static let begin = "COPY "
    let programs: ServerPrograms
    /// A dump in which the files of rows are empty.
    let folder: String

    /// Those of a section: `pre-data`, `post-data`.
    func section(_ name: String, of entries: [DumpEntry]) throws -> [UInt8] {
        let list = entries.map(\.line).joined(separator: "\n") + "\n"
        let outcome = try programs.shutIn("pg_restore", on: ProgramFolder(folder), input: Array(list.utf8), outputLimit: 1 << 28) { view in
            ["--section=\(name)", "-f", "-", "-L", view.input, view.folder]
        }.run()
        guard outcome.succeeded, !outcome.truncated else {
            throw Failure(
                .store, "a dump cannot be read: pg_restore failed", hint: "see what it says",
                cause: printableLines(outcome.errorText, limit: 600))
        }
        return outcome.output
    }
}

/// The database itself, as its dump has it.
struct DumpedDatabase {
    /// What makes it, and then what it is set to: owner, settings, rights, comment, labels; in the encoding of the dump.
    let statements: [SQLStatements.Statement]

    init(_ entries: [DumpEntry]) {
        statements = entries.filter(\.isOfDatabase).flatMap { entry in
            let own = Array(SQLStatements(entry.definition))
            guard entry.kind == "DATABASE", !entry.owner.isEmpty else { return own }
            let owner = ByteText.bytes("ALTER DATABASE \(quotedName(entry.tag)) OWNER TO \(quotedName(entry.owner))")
            return own + [SQLStatements.Statement(line: 1, bytes: owner)]
        }
    }

    /// `CREATE DATABASE …`; empty for a dump that does not say.
    var creation: String { statements.first(where: \.makesDatabase)?.text ?? "" }

    /// By PostgreSQL's name; nil for a dump that does not say.
    var encoding: String? {
        let (creation, words) = (creation, " ENCODING = '")
        // Names may hold anything, and come before it.
        return creation.ranges(of: words).last.map { String(creation[$0.upperBound...].prefix { $0 != "'" }) }
    }
}

extension SQLStatements.Statement {
    var makesDatabase: Bool { bytes.starts(with: Array("CREATE DATABASE ".utf8)) }

    /// The same in the default tablespace; nil where it names none.
    var withoutTablespace: [UInt8]? {
        let words = Array(" TABLESPACE = ".utf8)
        return bytes.indices.last { bytes[$0...].starts(with: words) }.map { Array(bytes[..<$0]) }
    }
}
