import Glibc
import HostIO
import Model

/// Two dumps of a database in directory format, without compression, entry by entry.
///
/// Dumps of one release are compared by the text of every definition and by every byte of every row. Releases write the same definition in
/// different words, so of dumps of two releases definitions are compared by kind, name and owner, and sequences by their values; rows as
/// before.
struct DumpComparison {
    let programs: ServerPrograms
    let left: String
    let right: String

    /// Whether a release other than that of the dump on the left has written the one on the right.
    func areOfOneRelease() throws -> Bool { try DumpContents(of: left).release == DumpContents(of: right).release }

    func areSame(_ job: JobControl) throws -> Bool {
        let (one, other) = (try DumpContents(of: left), try DumpContents(of: right))
        let keys = { (contents: DumpContents) in contents.entries.filter(\.isData).map(\.key).sorted() }
        return try keys(one) == keys(other) && haveSameDefinitions(one, other, job) && haveSameRows(one, other, job)
    }

    /// All but the rows of tables, which the dumps need not hold.
    func haveSameDefinitions(_ job: JobControl) throws -> Bool {
        try haveSameDefinitions(DumpContents(of: left), DumpContents(of: right), job)
    }

    private func haveSameDefinitions(_ one: DumpContents, _ other: DumpContents, _ job: JobControl) throws -> Bool {
        let keys = { (contents: DumpContents) in contents.entries.filter { !$0.isLargeObject && !$0.isData }.map(\.key).sorted() }
        guard keys(one) == keys(other) else { return false }
        let isOneRelease = one.release == other.release
        let isCompared = { (entry: DumpEntry) in isOneRelease ? !entry.isData && !entry.isLargeObject : entry.isSequenceValue }
        guard try text(of: one, in: left, isCompared) == text(of: other, in: right, isCompared) else { return false }
        return try haveSameLargeObjects(job)
    }

    /// Rows alone.
    func haveSameRows(_ job: JobControl) throws -> Bool { try haveSameRows(DumpContents(of: left), DumpContents(of: right), job) }

    /// The digest of what `pg_restore` makes of the entries, in their order.
    private func text(of contents: DumpContents, in folder: String, _ isCompared: (DumpEntry) -> Bool) throws -> String {
        let list = contents.entries.filter(isCompared).map(\.line).joined(separator: "\n") + "\n"
        let script = #""$@" | grep -vE '^(\\restrict|\\unrestrict) |^-- (Dumped|Started|Completed)' | sha256sum"#
        let outcome = try programs.shutIn("pg_restore", on: ProgramFolder(folder), script: script, input: Array(list.utf8)) { view in
            ["-f", "-", "-L", view.input, view.folder]
        }.run()
        guard outcome.succeeded else { throw failure(outcome) }
        return String(outcome.outputText.prefix(64))
    }

    private func failure(_ outcome: ChildProcess.Outcome) -> Failure {
        Failure(
            .store, "a dump cannot be read: pg_restore failed", hint: "see what it says",
            cause: printableLines(outcome.errorText, limit: 600))
    }

    // MARK: Rows

    private func haveSameRows(_ one: DumpContents, _ other: DumpContents, _ job: JobControl) throws -> Bool {
        let files = { (contents: DumpContents) in
            Dictionary(contents.entries.filter(\.isData).map { ($0.key, "\($0.number).dat") }) { first, _ in first }
        }
        let others = files(other)
        return try files(one).allSatisfy { key, name in try others[key].map { try haveSameBytes(name, $0, job) } ?? false }
    }

    private func haveSameLargeObjects(_ job: JobControl) throws -> Bool {
        let names = { (folder: String) in
            try Descriptor.openDirectory(folder).entries().map { FileName.text($0.name) }.filter {
                $0.hasPrefix("blob_") && $0.hasSuffix(".dat")
            }.sorted()
        }
        let objects = try names(left)
        return try objects == names(right) && objects.allSatisfy { try haveSameBytes($0, $0, job) }
    }

    private func haveSameBytes(_ name: String, _ otherName: String, _ job: JobControl) throws -> Bool {
        let one = try Descriptor.openDirectory(left).openPlainFile(Array(name.utf8))
        let other = try Descriptor.openDirectory(right).openPlainFile(Array(otherName.utf8))
        guard try one.status().size == other.status().size else { return false }
        let half = 1 << 20
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * half, alignment: 64)
        defer { room.deallocate() }
        let (first, second) = (
            UnsafeMutableRawBufferPointer(rebasing: room[..<half]), UnsafeMutableRawBufferPointer(rebasing: room[half...])
        )
        while true {
            try job.checkCancelled()
            let count = try one.read(into: first)
            guard try other.read(into: second) == count else { return false }
            if count == 0 { return true }
            guard let left = first.baseAddress, let right = second.baseAddress, memcmp(left, right, count) == 0 else { return false }
        }
    }
}
