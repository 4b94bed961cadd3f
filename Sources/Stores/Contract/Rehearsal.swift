package import Archiving
package import HostIO
package import Model
import ResticFormat

/// What a store that was restored into a scratch place has shown.
package struct RehearsalFindings: Hashable, Sendable {
    /// From the first byte that was read until the store could be used.
    package var restoreSeconds = 0.0
    package var checkSeconds = 0.0
    /// Written into the scratch place, or read where nothing is written.
    package var bytes: UInt64 = 0
    /// What holds: "integrity_check finds nothing".
    package var proofs: [String] = []
    /// What does not: "table account has 3 rows; 2 were recorded".
    package var problems: [String] = []
    /// What could not be tried here, and why.
    package var gaps: [String] = []

    package init() {}

    /// Compares rows by table with those that the record counts under `rows:NAME`. `present`: nil for a table that is not there.
    package mutating func compareRows(_ recorded: [(table: String, rows: Int64)], _ present: (String) throws -> Int64?) rethrows {
        let before = problems.count
        for (table, rows) in recorded {
            guard let there = try present(table) else {
                problems.append("table \(printable(table)) is missing; \(counted(rows, "row")) of it were recorded")
                continue
            }
            if there != rows { problems.append("table \(printable(table)) has \(counted(there, "row")); \(grouped(rows)) were recorded") }
        }
        if problems.count == before, !recorded.isEmpty {
            proofs.append("\(counted(recorded.count, "table")) with as many rows as recorded")
        }
    }
}

/// A store that was restored into a scratch place, while it is open there.
package protocol RehearsedStore: Sendable {
    var findings: RehearsalFindings { get }
    /// The directory or file of it, for programs.
    var path: String { get }
    /// More variables by which a program finds it.
    var environment: [String: String] { get }
    /// A directory that such a program has to hold at ``RehearsedPlace/descriptor``; nil when it needs none.
    var held: String? { get }

    /// The rows that a statement gives, a line each, values separated by `|`, nothing for NULL. Throws `refused` when it takes longer than
    /// `limit` milliseconds, `usage` where nothing answers SQL.
    func answer(_ sql: String, in database: String?, limit: Int64) throws -> String

    /// Ends what runs for it; its files go with the scratch directory. No call may follow.
    func close()
}

package enum RehearsedPlace {
    /// Where a program finds the directory that it holds.
    package static let descriptor = 9
}

extension RehearsedStore {
    package var environment: [String: String] { [:] }
    package var held: String? { nil }
    package func close() {}
}

/// Files in a scratch place, or none where the image was only read.
package struct RehearsedFiles: RehearsedStore {
    package var findings: RehearsalFindings
    package var path: String
    private let kind: StoreKind

    package init(_ findings: RehearsalFindings, at path: String, _ kind: StoreKind) {
        self.findings = findings
        self.path = path
        self.kind = kind
    }

    package func answer(_ sql: String, in database: String?, limit: Int64) throws -> String {
        throw Failure(.usage, "a store of kind \(kind.rawValue) answers no sql here", hint: "write the check as a command")
    }
}

extension RehearsedFiles {
    /// For an image that there is no place to restore to: all of it is read, every byte proven by its hash. `gap` says why it is not restored.
    package static func reading(
        _ image: ImageTree, of record: StoreRecord, gap: String, at path: String, clock: any WallClock, job: JobControl
    ) throws -> RehearsedFiles {
        var findings = RehearsalFindings()
        let start = clock.monotonicNanoseconds()
        let reader = try ImageReader(image)
        var pending = [try reader.root().0]
        var entries: UInt64 = 0
        while let directory = pending.popLast() {
            let nodes = try reader.entriesInAnyOrder(of: directory)
            while let node = try nodes.next() {
                try job.checkCancelled()
                entries += 1
                if node.type == .dir { pending.append(try reader.directory(node, in: directory)) }
                guard node.type == .file else { continue }
                var bytes: UInt64 = 0
                try reader.read(node, in: directory) { bytes += UInt64($0.count) }
                findings.bytes += bytes
                if bytes != node.size {
                    findings.problems.append("\(printable(FileName.text(node.name))) has \(grouped(bytes)) of \(grouped(node.size)) bytes")
                }
            }
        }
        findings.restoreSeconds = Double(clock.monotonicNanoseconds() &- start) / 1e9
        findings.gaps.append(gap)
        findings.proofs.append("\(counted(entries, "entry", "entries")) read, every byte proven by its checksum")
        findings.compareEntries(entries, record)
        return RehearsedFiles(findings, at: path, record.kind)
    }
}

extension RehearsalFindings {
    /// Only where the record counts what is in the image, and nothing was amiss when it was made.
    package mutating func compareEntries(_ entries: UInt64, _ record: StoreRecord) {
        guard record.issues == 0, record.extent == .whole, !record.kind.isConverted else { return }
        if entries == record.entries {
            proofs.append("\(counted(entries, "entry", "entries")), as recorded")
        } else {
            problems.append("\(counted(entries, "entry", "entries")) are there; \(grouped(record.entries)) were recorded")
        }
    }
}

extension StoreKind {
    /// Whether a backup holds something else than was counted at the cut.
    fileprivate var isConverted: Bool { self == .postgres }
}
