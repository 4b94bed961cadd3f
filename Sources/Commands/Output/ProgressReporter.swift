package import HostIO

/// Shows a job's counters while it runs, from a thread of its own.
///
/// Between ``init(of:console:clock:)`` and ``finish()`` nothing else may write to the console's error stream.
package final class ProgressReporter: Sendable {
    private let thread: WorkerThread?
    private let stopped = Monitor(false)
    private let painter: ProgressPainter

    /// A job that cannot be watched, for want of a thread, runs unwatched.
    package init(of job: JobControl, console: Console, clock: any WallClock) {
        let painter = ProgressPainter(of: job, console: console, clock: clock)
        let stopped = stopped
        self.painter = painter
        thread = try? WorkerThread(named: "progress") {
            while stopped.wait(atMost: painter.interval, until: { $0 ? true : nil }) == nil { painter.tick() }
        }
    }

    /// Ends the thread, prints the notes that are left and takes the bar away. Further calls do nothing.
    package func finish() {
        let isFirst = stopped.change { stopped in
            defer { stopped = true }
            return !stopped
        }
        guard isFirst else { return }
        _ = try? thread?.join()
        painter.finish()
    }

    deinit { stopped.change { $0 = true } }

    /// Runs `body` with a job that is shown meanwhile; the bar is gone when it returns or throws.
    package static func watching<Result>(
        _ job: JobControl, console: Console, clock: any WallClock, _ body: (JobControl) throws -> Result
    ) rethrows -> Result {
        let reporter = ProgressReporter(of: job, console: console, clock: clock)
        defer { reporter.finish() }
        return try body(job)
    }
}
