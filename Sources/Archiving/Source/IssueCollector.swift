package import HostIO
package import Model
import Synchronization

/// Counts every issue by its kind, keeps the first hundred to show, the first of each kind, and the paths that are to be asked for again. A database in use
/// is found twice, by its log and by its changes, and counts once. Has the log of the job name ten thousand.
package final class IssueCollector: Sendable {
    package static let kept = 100
    private static let logged = 10_000
    private let state = Mutex((summary: IssueSummary(), first: [EntryIssue](), count: 0))
    private let job: JobControl?

    package init(job: JobControl? = nil) { self.job = job }

    package func add(_ issue: EntryIssue) {
        let count = state.withLock { state -> Int? in
            if issue.kind == .inUse, state.first.contains(where: { $0.kind == .inUse && $0.path == issue.path }) { return nil }
            state.summary.add(issue)
            state.count += 1
            if state.first.count < Self.kept { state.first.append(EntryIssue(kind: issue.kind, path: issue.place, detail: issue.detail)) }
            return state.count
        }
        guard let job, let count else { return }
        job.add(1, to: .issues)
        if count <= Self.logged { job.log(issue.text) }
        if count == Self.logged { job.log("more entries than these \(Self.logged) are not named") }
    }

    /// An issue of an entry below which the store has, or had, what the image lacks.
    func add(hollow issue: EntryIssue) {
        add(issue)
        state.withLock { $0.summary.lacks(issue.path) }
    }

    /// Whoever tells it of a long listing is told when that is not wanted any more.
    func checkCancelled() throws { try job?.checkCancelled() }

    package var count: Int { state.withLock { $0.count } }
    package var first: [EntryIssue] { state.withLock { $0.first } }
    package var summary: IssueSummary { state.withLock { $0.summary } }
}

/// What happened to the entries of a source, all of them counted.
package struct IssueSummary: Hashable, Sendable {
    /// Paths that are kept to be asked for again, at most: about a megabyte of a manifest.
    package static let mostAgain = 10_000

    private var counts: [EntryIssue.Kind: Int] = [:]
    private var named: [EntryIssue.Kind: [String]] = [:]
    private var paths: [String]? = []
    /// Entries that are not in the archive, or not with all below them.
    package private(set) var missing = MissingPaths()

    package init() {}

    package mutating func add(_ issue: EntryIssue) {
        counts[issue.kind, default: 0] += 1
        if named[issue.kind, default: []].count < EntryNote.mostNamed {
            named[issue.kind, default: []].append("\(issue.place): \(issue.detail)")
        }
        if issue.kind == .unreadable { missing.add(issue.path) }
        guard issue.kind.isAskedAgain, let known = paths?.count else { return }
        if known < Self.mostAgain { paths?.append(issue.path) } else { paths = nil }
    }

    mutating func lacks(_ path: String) { missing.add(path) }

    package var count: Int { counts.values.reduce(0, +) }

    /// Below the root of the source, of entries that another archiving has to ask for whatever it knows to be unchanged; nil: there are too many.
    package var again: [String]? { paths }

    /// By kind, for a manifest.
    package var notes: [EntryNote] {
        counts.map { EntryNote(what: $0.key.rawValue, count: $0.value, first: named[$0.key] ?? []) }.merged
    }

    package static func + (left: IssueSummary, right: IssueSummary) -> IssueSummary {
        var sum = left
        for (kind, count) in right.counts {
            sum.counts[kind, default: 0] += count
            sum.named[kind] = Array(((sum.named[kind] ?? []) + (right.named[kind] ?? [])).prefix(EntryNote.mostNamed))
        }
        sum.missing = left.missing + right.missing
        if let paths = left.paths, let more = right.paths, paths.count + more.count <= mostAgain {
            sum.paths = paths + more
        } else {
            sum.paths = nil
        }
        return sum
    }
}

extension [EntryNote] {
    fileprivate var merged: [EntryNote] { merged(with: []) }
}
