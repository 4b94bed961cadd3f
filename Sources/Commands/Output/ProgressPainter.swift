import HostIO
import Synchronization

/// What is drawn at each tick; the thread is in ``ProgressReporter``.
final class ProgressPainter: Sendable {
    private struct State {
        var meter = RateMeter()
        var lastShown: UInt64
        var barIsUp = false
    }

    /// Between ticks.
    let interval: Duration
    private let job: JobControl
    private let console: Console
    private let clock: any WallClock
    private let began: UInt64
    private let state: Mutex<State>

    init(of job: JobControl, console: Console, clock: any WallClock) {
        self.job = job
        self.console = console
        self.clock = clock
        began = clock.monotonicNanoseconds()
        state = Mutex(State(lastShown: began))
        interval = .milliseconds(console.mode == .tty ? 100 : 500)
    }

    /// The least time between two lines; a bar is redrawn at every tick.
    private var pause: UInt64 {
        switch console.mode {
        case .tty: 0
        case .plain: 10_000_000_000
        case .json: 500_000_000
        }
    }

    func tick() {
        state.withLock { state in
            let now = clock.monotonicNanoseconds()
            state.meter.add(job.value(of: .bytesDone), at: now)
            showNotes(&state)
            guard now >= state.lastShown, now - state.lastShown >= pause else { return }
            state.lastShown = now
            let seconds = Double(now - min(began, now)) / 1e9
            show(ProgressSample(of: job, seconds: seconds, rate: state.meter.bytesPerSecond), &state)
        }
    }

    func finish() {
        state.withLock { state in
            showNotes(&state)
            takeBarAway(&state)
        }
    }

    private func show(_ sample: ProgressSample, _ state: inout State) {
        switch console.mode {
        case .tty:
            console.err.redraw(sample.barLine(width: console.err.width - 1))
            state.barIsUp = true
        case .plain: console.err.print(sample.quietLine)
        case .json: console.result(ProgressEvent(sample))
        }
    }

    private func showNotes(_ state: inout State) {
        let notes = job.drainNotes()
        guard !notes.isEmpty else { return }
        takeBarAway(&state)
        for note in notes {
            if console.mode == .json {
                console.result(["note": note])
            } else {
                console.err.print(note)
            }
        }
    }

    private func takeBarAway(_ state: inout State) {
        if state.barIsUp { console.err.eraseLine() }
        state.barIsUp = false
    }
}
