import HostIO
package import Model
import ObjectStorage
import RepositoryEngine
import ResticFormat

/// A report as it was found in a target.
package struct FoundReport: Sendable {
    package var report: DrillReport
    /// With its place, without its end `.json`.
    package var name: String
    /// What is not as it was signed: "the report"; nil when all of it is.
    package var altered: String?
}

/// Reports of drills of one repository's backups in one place: `BACKUP-TIME-RANDOM.json` and the page `.md`.
struct DrillReports {
    private static let purpose = "holdfast drill report"
    /// Older ones go; the newest of each backup that is there stays.
    private static let most = 200
    private static let idDigits = 16
    /// Bytes.
    private static let largestReport = 4 << 20
    private static let largestPage = 16 << 20

    let repository: OpenRepository
    let place: any ReportPlace

    /// Gives place and name of the new one. The page first, so that a report has its page.
    func write(_ report: DrillReport) throws -> String {
        var report = report
        let page = Array(report.pageText.utf8)
        report.page = try digest(page)
        let json = try report.signed { try repository.signature(of: $0, for: Self.purpose) }
        let random = repository.host.randomHex(bytes: 2)
        let name = "\(report.backupID.prefix(Self.idDigits))-\(report.ended.compact)-\(random)"
        try place.write(page, "\(name).md")
        try place.write(json, "\(name).json")
        return "\(place.title)/\(name)"
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

    /// Every report that can be read, oldest first.
    func all() throws -> [FoundReport] { try names().compactMap { try? read($0) } }

    /// Nil when what was signed belongs under another name.
    private func read(_ name: Name) throws -> FoundReport? {
        guard let json = try place.read("\(name.text).json", limit: Self.largestReport) else { return nil }
        let page = try place.read("\(name.text).md", limit: Self.largestPage)
        let found = try check(json, page, called: "\(place.title)/\(name.text)")
        return name.fits(found.report) ? found : nil
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
        init?(_ file: String, end: String = ".json") {
            guard file.hasSuffix(end) else { return nil }
            text = String(file.dropLast(end.utf8.count))
            let parts = text.split(separator: "-", maxSplits: 1)
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
        try place.names().compactMap { Name($0) }.sorted { ($0.rest, $0.backup) < ($1.rest, $1.backup) }
    }

    /// Removes the oldest of too many, and pages that a drill that was killed a day ago or more has left without a report.
    func tidy(keeping backups: [SnapshotID]) throws {
        let names = try names()
        let newest = Set(backups.compactMap { backup in names.last { $0.isOf(backup.hex) }?.text })
        let spare = names.filter { !newest.contains($0.text) }
        for name in spare.prefix(max(0, names.count - Self.most)) {
            for end in ["json", "md"] { try place.remove("\(name.text).\(end)") }
        }
        let known = Set(names.map(\.text))
        let yesterday = repository.host.clock.now().adding(seconds: -86_400).compact
        for file in try place.names() {
            guard let page = Name(file, end: ".md"), !known.contains(page.text), page.rest < yesterday else { continue }
            try place.remove(file)
        }
    }
}
