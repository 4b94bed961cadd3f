import HostIO
import Model

/// The contents of a dump, `toc.dat`, as `pg_dump` has written it since release 9.0 (`ReadHead` and `ReadToc` of `pg_backup_archiver.c`).
struct DumpContents {
    static let file = "toc.dat"
    private static let limit = 1 << 30

    /// "15 15": of the server, and of the program that wrote the dump.
    private(set) var release = ""
    private(set) var entries: [DumpEntry] = []
    /// Of the dump, which need not be that of its database.
    private(set) var encoding = TextEncoding.utf8

    /// `folder`: of the dump.
    init(of folder: String) throws {
        let place = Path.join(folder, Self.file)
        try self.init(AtomicFile.read(place, limit: Self.limit), place)
    }

    /// Throws `damaged`, with `place`.
    init(_ bytes: [UInt8], _ place: String) throws {
        do throws(DumpReader.Broken) { try read(bytes) } catch {
            throw Failure(.damaged, "\(place): these are no contents of a dump of PostgreSQL", cause: error.reason)
        }
    }

    private mutating func read(_ bytes: [UInt8]) throws(DumpReader.Broken) {
        var reader = DumpReader(bytes)
        let version = try Self.version(&reader)
        if version >= (1, 15) { _ = try reader.byte() } else { _ = try reader.number() }
        // When it was made, seconds to years, and the name of the database.
        for _ in 0..<7 { _ = try reader.number() }
        _ = try reader.text()
        let programs = (server: try reader.text(), dump: try reader.text())
        release = [programs.server, programs.dump].map { ByteText.text($0 ?? []).prefix { $0.isNumber } }.joined(separator: " ")
        let count = try reader.number()
        guard count >= 0 else { throw DumpReader.Broken("fewer than no entries") }
        for _ in 0..<count {
            let entry = try DumpEntry(&reader, version)
            if entry.kind == "ENCODING" { encoding = Self.encoding(in: entry.definition) }
            if !entry.isSetting, entry.hasData || entry.isMade { entries.append(entry) }
        }
    }

    /// What is in the encoding of the dump, as a session with its database says it (``SessionText/characters``).
    func text(_ bytes: [UInt8]) -> String {
        DumpedDatabase(entries).encoding == TextEncoding.ofBytes.name ? ByteText.text(bytes) : encoding.text(of: bytes)
    }

    private static func version(_ reader: inout DumpReader) throws(DumpReader.Broken) -> (Int, Int) {
        for expected in Array("PGDMP".utf8) where try reader.byte() != expected { throw DumpReader.Broken("another file") }
        let version = (Int(try reader.byte()), Int(try reader.byte()))
        _ = try reader.byte()
        guard version >= (1, 12), version < (2, 0) else { throw DumpReader.Broken("version \(version.0).\(version.1)") }
        let size = try reader.byte()
        guard (1...8).contains(size) else { throw DumpReader.Broken("numbers of \(size) bytes") }
        reader.bytesOfNumber = 0..<size
        // Of offsets in other formats, and the format.
        _ = try (reader.byte(), reader.byte())
        return version
    }

    /// `SET client_encoding = 'UTF8';`
    private static func encoding(in statement: [UInt8]) -> TextEncoding {
        let parts = statement.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false)
        return parts.count == 3 ? TextEncoding(name: ByteText.text(parts[1])) : .utf8
    }
}

/// One object of a dump.
struct DumpEntry: Sendable {
    /// In the dump; rows are in the file of this name.
    let number: String
    /// `pg_class.oid` of the table, for one with rows.
    let tableNumber: String
    /// `TABLE DATA`, `ACL`
    let kind: String
    let schema: String?
    /// `fact_big`, `DATABASE acme`, `COLUMN account.id`
    let tag: String
    let owner: String
    let hasData: Bool
    /// There is SQL that makes it.
    let isMade: Bool
    /// That SQL, of the database itself; of anything else it stays in the dump.
    private(set) var definition: [UInt8] = []
    /// `COPY public.account (id) FROM stdin;`, in the encoding of the dump; empty for what has no rows.
    let copyStatement: [UInt8]

    fileprivate init(_ reader: inout DumpReader, _ version: (Int, Int)) throws(DumpReader.Broken) {
        number = String(try reader.number())
        hasData = try reader.number() != 0
        _ = try reader.text()
        tableNumber = ByteText.text(try reader.text() ?? [])
        tag = ByteText.text(try reader.text() ?? [])
        kind = ByteText.text(try reader.text() ?? [])
        // Its section.
        _ = try reader.number()
        let statements = try reader.text() ?? []
        isMade = !statements.isEmpty
        // How it is dropped.
        _ = try reader.text()
        copyStatement = Array(try reader.text() ?? [])
        schema = try reader.text().map { ByteText.text($0) }
        // Its tablespace, its access method, and what kind of relation it is.
        _ = try reader.text()
        if version >= (1, 14) { _ = try reader.text() }
        if version >= (1, 16) { _ = try reader.number() }
        owner = ByteText.text(try reader.text() ?? [])
        // Whether it has numbers for rows, what it depends on, and its file.
        _ = try reader.text()
        while try reader.text() != nil {}
        _ = try reader.text()
        if isOfDatabase || isSetting { definition = Array(statements) }
    }

    /// Of the session in which all else is made.
    var isSetting: Bool { ["ENCODING", "STDSTRINGS", "SEARCHPATH"].contains(kind) }

    /// As `pg_restore` takes it from a list.
    var line: String { "\(number);" }
    /// `TABLE DATA more fact_big postgres`: what it is, the same in any dump.
    var key: String { "\(kind) \(schema ?? "-") \(tag) \(owner)" }

    var isData: Bool { kind == "TABLE DATA" }
    var isLargeObject: Bool { kind.hasPrefix("BLOB") }
    var isLargeObjectData: Bool { kind == "BLOBS" }
    /// Large objects without what is in them. Dumps of 17 and later have them among the data; those before it make them first.
    var isLargeObjectMetadata: Bool { kind == "BLOB METADATA" }
    /// Rights, comments and labels.
    var isOfLargeObject: Bool { isAttribute && tag.hasPrefix("LARGE OBJECT") }
    var isSequenceValue: Bool { kind == "SEQUENCE SET" }
    /// The database itself, its settings, rights and comment.
    var isOfDatabase: Bool {
        kind == "DATABASE" || kind == "DATABASE PROPERTIES" || isAttribute && schema == nil && tag.hasPrefix("DATABASE ")
    }
    private var isAttribute: Bool { ["ACL", "COMMENT", "SECURITY LABEL"].contains(kind) }
    var nameOfExtension: String? { kind == "EXTENSION" ? tag : nil }

    /// Of an entry of rows.
    var rowsName: String { "\(number).dat" }
    var rowsFile: [UInt8] { Array(rowsName.utf8) }
}

/// Numbers and texts as `pg_dump` writes them.
struct DumpReader {
    struct Broken: Error {
        var reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private let bytes: [UInt8]
    private var place = 0
    /// The number of its bytes, as a range.
    var bytesOfNumber: Range<UInt8> = 0..<4

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func byte() throws(Broken) -> UInt8 {
        guard place < bytes.count else { throw Broken("they stop in the middle") }
        defer { place += 1 }
        return bytes[place]
    }

    /// A byte for the sign, then the number, the lowest byte first.
    mutating func number() throws(Broken) -> Int {
        let isNegative = try byte() != 0
        var value: UInt64 = 0
        for index in bytesOfNumber { value |= UInt64(try byte()) << (UInt64(index) &* 8) }
        guard let number = Int32(exactly: value) else { throw Broken("a number is too large") }
        return isNegative ? -Int(number) : Int(number)
    }

    /// Its length, then its bytes; nil for one with a length below zero.
    mutating func text() throws(Broken) -> ArraySlice<UInt8>? {
        let length = try number()
        guard length >= 0 else { return nil }
        guard length <= bytes.count - place else { throw Broken("they stop in the middle") }
        defer { place += length }
        return bytes[place..<(place + length)]
    }
}
