import HostIO
package import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat

/// A report as it was found in a target.
package struct FoundReport: Sendable {
    package var report: DrillReport
    /// The object, without its end `.json`.
    package var name: String
    /// What is not as it was signed: "the report"; nil when all of it is.
    package var altered: String?
}

/// The reports of drills in a target: `holdfast/drills/BACKUP-TIME-RANDOM.json` and the page `.md`, which restic passes over.
struct DrillReports {
    private static let folder = "holdfast/drills"
    private static let purpose = "holdfast drill report"
    /// Older ones go; the newest of each backup that is there stays.
    private static let most = 200
    private static let idDigits = 16
    /// Bytes.
    private static let largestReport = 4 << 20
    private static let largestPage = 16 << 20

    let repository: OpenRepository

    /// Gives the name of the new one. The page first, so that a report has its page.
    func write(_ report: DrillReport) throws -> String {
        var report = report
        let page = Array(report.pageText.utf8)
        report.page = try digest(page)
        let json = try report.signed { try repository.signature(of: $0, for: Self.purpose) }
        let random = repository.host.randomHex(bytes: 2)
        let name = "\(Self.folder)/\(report.backupID.prefix(Self.idDigits))-\(report.ended.compact)-\(random)"
        try repository.storage.write(ObjectName(known: "\(name).md"), page)
        try repository.storage.write(ObjectName(known: "\(name).json"), json)
        return name
    }

    private func digest(_ bytes: [UInt8]) throws -> String {
        try bytes.withUnsafeBytes { try Hasher256().hash($0, naming: BlobNamed.self).hex }
    }

    /// The newest report of each of these backups, by the hex of its id; one that cannot be read is left out.
    func newest(of backups: [SnapshotID]) throws -> [String: FoundReport] {
        let names = try names()
        return backups.reduce(into: [:]) { found, backup in found[backup.hex] = newest(of: backup, among: names) }
    }

    /// One that lies under another name than it was written, as a copy does, is none.
    private func newest(of backup: SnapshotID, among names: [Name]) -> FoundReport? {
        for name in names.reversed() where name.isOf(backup.hex) {
            if let found = try? read(name), found.report.backupID == backup.hex { return found }
        }
        return nil
    }

    /// Throws `notFound` when it was never drilled.
    func newest(of backup: SnapshotID, called name: SnapshotName) throws -> FoundReport {
        guard let found = newest(of: backup, among: try names()) else {
            throw Failure(.notFound, "the backup \(name) was never drilled", hint: "holdfast backup drill \(name)")
        }
        return found
    }

    /// Every report that can be read, oldest first.
    func all() throws -> [FoundReport] { try names().compactMap { try? read($0) } }

    /// Nil when what was signed belongs under another name.
    private func read(_ place: Name) throws -> FoundReport? {
        let name = place.text
        let json: [UInt8] = try repository.storage.read(ObjectName(known: "\(name).json"), limit: Self.largestReport)
        var page: [UInt8]?
        do throws(StorageError) { page = try repository.storage.read(ObjectName(known: "\(name).md"), limit: Self.largestPage) } catch {
            guard error.kind == .notFound else { throw error }
        }
        let found = try check(json, page, called: name)
        return place.fits(found.report) ? found : nil
    }

    /// A report and, where there is one, the page beside it, wherever they come from.
    func check(_ json: [UInt8], _ page: [UInt8]?, called name: String) throws -> FoundReport {
        let report = try DrillReport(json: json, called: name)
        var found = FoundReport(report: report, name: name, altered: nil)
        let isSigned = try SignedText.isSigned(json) { try repository.signature(of: $0, for: Self.purpose) }
        if !isSigned {
            found.altered = "the report"
        } else if let page, try digest(page) != report.page {
            found.altered = "the page"
        }
        return found
    }

    private struct Name {
        var text: String
        var backup: Substring
        var rest: Substring

        /// Nil for what is no name of a report.
        init?(_ object: ObjectName, end: String = ".json") {
            guard object.text.hasPrefix("\(DrillReports.folder)/"), object.text.hasSuffix(end) else { return nil }
            text = String(object.text.dropLast(end.utf8.count))
            let parts = text.dropFirst(DrillReports.folder.utf8.count + 1).split(separator: "-", maxSplits: 1)
            guard parts.count == 2, parts[0].count == DrillReports.idDigits else { return nil }
            (backup, rest) = (parts[0], parts[1])
        }

        func isOf(_ id: String) -> Bool { id.hasPrefix(backup) }

        /// Whether it is the name under which this report is written.
        func fits(_ report: DrillReport) -> Bool {
            report.backupID.hasPrefix(backup) && rest.hasPrefix("\(report.ended.compact)-")
        }
    }

    /// By time, oldest first.
    private func names() throws -> [Name] {
        try repository.storage.list(Self.folder).compactMap { Name($0.name) }.sorted { ($0.rest, $0.backup) < ($1.rest, $1.backup) }
    }

    /// Removes the oldest of too many, and pages that a drill that was killed a day ago or more has left without a report.
    func tidy(keeping backups: [SnapshotID]) throws {
        let names = try names()
        let newest = Set(backups.compactMap { backup in names.last { $0.isOf(backup.hex) }?.text })
        let spare = names.filter { !newest.contains($0.text) }
        for name in spare.prefix(max(0, names.count - Self.most)) {
            for end in ["json", "md"] { try repository.storage.remove(ObjectName(known: "\(name.text).\(end)")) }
        }
        let known = Set(names.map(\.text))
        let yesterday = repository.host.clock.now().adding(seconds: -86_400).compact
        for object in try repository.storage.list(Self.folder) {
            guard let page = Name(object.name, end: ".md"), !known.contains(page.text), page.rest < yesterday else { continue }
            try repository.storage.remove(object.name)
        }
    }
}
