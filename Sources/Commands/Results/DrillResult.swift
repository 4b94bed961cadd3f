import Backups
import Model

/// What came of a drill.
struct DrillResult: Encodable {
    var verdict: DrillReport.Verdict
    var recoverySeconds: Double
    var problems: [String]
    var gaps: [String]
    /// Without `.json` and `.md`: in the target, or absolute in the state of the cluster where the target took none; null when it could not be written.
    var reportName: OrNull<String>
    /// `target` or `state`; null when it could not be written.
    var reportPlace: OrNull<String>
    var report: DrillReport
    /// What checks answered in place of what was expected, by name; in no report.
    var answers: [String: String]

    init(_ outcome: DrillOutcome) {
        verdict = outcome.report.verdict
        recoverySeconds = outcome.report.recoverySeconds
        problems = outcome.report.problems
        gaps = outcome.report.gaps
        reportName = OrNull(outcome.place ?? outcome.kept)
        reportPlace = OrNull(outcome.place != nil ? "target" : outcome.kept != nil ? "state" : nil)
        report = outcome.report
        answers = outcome.answers
    }
}

/// The report of a drill as it was found.
struct ReportResult: Encodable {
    /// Whether report and page are as they were signed.
    var signed: Bool
    /// `the report` or `the page`; null when nothing was.
    var altered: OrNull<String>
    var verdict: DrillReport.Verdict
    var recoverySeconds: Double
    var report: DrillReport

    init(_ found: FoundReport) {
        signed = found.altered == nil
        altered = OrNull(found.altered)
        verdict = found.report.verdict
        recoverySeconds = found.report.recoverySeconds
        report = found.report
    }
}
