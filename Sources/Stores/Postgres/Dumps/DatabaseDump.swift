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
    let entries: [DumpComparison.Entry]
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
            try Unpacking(folder: folder + ".part", directory: directory, programs: programs, job: job).run(nodes, reader)
            try Descriptor.openDirectory(scratch).rename(
                Array(Path.lastComponent(folder + ".part").utf8), to: Array(Path.lastComponent(folder).utf8))
        }
        entries = try DumpComparison(programs: programs, left: folder, right: folder).contents(folder).entries
        let data = entries.filter(\.isData)
        let (statements, encoding) = try DumpStatements(programs: programs, folder: folder).copies(of: data)
        self.encoding = encoding
        let files = Dictionary(nodes.map { ($0.name, $0) }) { first, _ in first }
        let tables = try zip(data, statements).map { entry, statement in
            guard let node = files[entry.rowsFile] else {
                throw Failure(.damaged, "\(image.description): the rows of \(entry.key) are not there")
            }
            return try DumpedTable(entry, node, statement)
        }
        self.tables = DumpedTable.inOneOrder(tables.sorted { $0.node.size > $1.node.size })
    }

    private static func directory(of name: String, _ reader: ImageReader) throws -> ImageDirectory {
        var directory = try reader.root().0
        for part in [DumpLayout.databases, DumpLayout.folder(of: name)] {
            guard let node = try reader.nodes(of: directory).first(where: { $0.name == Array(part.utf8) && $0.type == .dir }) else {
                throw Failure(.damaged, "\(reader.image.description): the dump of the database \(name) is not there")
            }
            directory = try reader.directory(node, in: directory)
        }
        return directory
    }

    private struct Unpacking {
        static let contents = Array("toc.dat".utf8)
        let folder: String
        let directory: ImageDirectory
        let programs: ServerPrograms
        let job: JobControl

        func run(_ nodes: [Node], _ reader: ImageReader) throws {
            try removeTree(folder)
            try makeDirectories(folder)
            // For programs that are shut in; nobody else gets into the scratch directory above.
            try Descriptor.openDirectory(folder).setMode(0o755)
            for node in nodes where node.name == Self.contents { try write(node, reader) }
            let entries = try DumpComparison(programs: programs, left: folder, right: folder).contents(folder).entries
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
    var otherData: [DumpComparison.Entry] {
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
    let entry: DumpComparison.Entry
    /// Of the file with the rows.
    let node: Node
    let target: CopiedTable
    /// For sums: where the first, the second, … column is in its rows; nil when they are in that order.
    private(set) var order: [Int]?

    /// Partitions whose rows are loaded into one table may have their columns in other orders: that of the first is taken for all.
    static func inOneOrder(_ tables: [DumpedTable]) -> [DumpedTable] {
        var first: [String: DumpedTable] = [:]
        return tables.map { table in
            let model = first[table.relation, default: table]
            first[table.relation] = model
            guard model.columnList != table.columnList else { return table }
            var table = table
            let names = table.target.columnNames
            let order = model.target.columnNames.compactMap(names.firstIndex)
            if order.count == names.count { table.order = order }
            return table
        }
    }

    init(_ entry: DumpComparison.Entry, _ node: Node, _ statement: String) throws {
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
    static let end = " FROM stdin;"

    let programs: ServerPrograms
    /// A dump in which the files of rows are empty.
    let folder: String

    /// The statements that load the rows of these entries, in their order; and the encoding of the dump.
    func copies(of entries: [DumpComparison.Entry]) throws -> ([String], TextEncoding) {
        let script = try script(of: entries, "--data-only")
        let encoding = Self.encoding(in: String(decoding: script, as: UTF8.self))
        let statements = Self.copies(in: encoding.text(of: script))
        guard statements.count == entries.count else {
            throw Failure(.damaged, "a dump has \(entries.count) tables with rows and \(statements.count) statements that load them")
        }
        return (statements, encoding)
    }

    /// That of the database, which is not always that of its dump; nil for a dump that does not say.
    func encodingOfDatabase(_ entries: [DumpComparison.Entry]) throws -> String? {
        let script = try script(of: entries.filter { $0.key.hasPrefix("DATABASE ") }, "--create")
        let line = String(decoding: script, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("CREATE DATABASE ") }
        let words = " ENCODING = '"
        return line?.ranges(of: words).last.map { found in String(line?[found.upperBound...].prefix { $0 != "'" } ?? "") }
    }

    /// Those that make the database itself, with the commands of `psql` that `pg_restore` writes between them.
    func database(_ entries: [DumpComparison.Entry]) throws -> [UInt8] { try script(of: entries.filter(\.isOfDatabase), "--create") }

    /// Those of a section: `pre-data`, `post-data`.
    func section(_ name: String, of entries: [DumpComparison.Entry]) throws -> [UInt8] { try script(of: entries, "--section=\(name)") }

    private func script(of entries: [DumpComparison.Entry], _ which: String) throws -> [UInt8] {
        let list = entries.map(\.line).joined(separator: "\n") + "\n"
        let input = Array(list.utf8)
        let outcome = try programs.shutIn("pg_restore", on: ProgramFolder(folder), input: input, outputLimit: 1 << 28) { view in
            [which, "-f", "-", "-L", view.input, view.folder]
        }.run()
        guard outcome.succeeded, !outcome.truncated else {
            throw Failure(
                .store, "a dump cannot be read: pg_restore failed", hint: "see what it says",
                cause: printableLines(outcome.errorText, limit: 600))
        }
        return outcome.output
    }

    private static func encoding(in script: String) -> TextEncoding {
        let words = "SET client_encoding = '"
        let line = script.split(separator: "\n").first { $0.hasPrefix(words) }
        return line.map { TextEncoding(name: String($0.dropFirst(words.count).prefix { $0 != "'" })) } ?? .utf8
    }

    /// A name may go over several lines.
    static func copies(in script: String) -> [String] {
        var statements: [String] = []
        var open: String?
        for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
            if let begun = open { open = begun + "\n" + line } else if line.hasPrefix(begin) { open = String(line) }
            guard let statement = open, statement.hasSuffix(end) else { continue }
            statements.append(statement)
            open = nil
        }
        return statements
    }
}
