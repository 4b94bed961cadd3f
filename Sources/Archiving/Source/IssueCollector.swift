package import HostIO
import Synchronization

/// Counts every issue and keeps the first hundred to show.
package final class IssueCollector: Sendable {
    package static let kept = 100
    private let state = Mutex(State())
    private let job: JobControl?

    private struct State {
        var count = 0
        var first: [EntryIssue] = []
    }

    package init(job: JobControl? = nil) { self.job = job }

    package func add(_ issue: EntryIssue) {
        state.withLock { state in
            state.count += 1
            if state.first.count < Self.kept { state.first.append(issue) }
        }
        job?.add(1, to: .issues)
    }

    package var count: Int { state.withLock { $0.count } }
    package var first: [EntryIssue] { state.withLock { $0.first } }
}
