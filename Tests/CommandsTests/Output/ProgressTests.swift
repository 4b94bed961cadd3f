import HostIO
import Testing

@testable import Commands

@Suite struct ProgressTests {
    let clock = ManualClock()
    let job = JobControl()

    func work(_ mode: OutputMode, width: Int = 80) -> (CapturedConsole, ProgressPainter) {
        let captured = CapturedConsole()
        return (captured, ProgressPainter(of: job, console: captured.console(mode, width: width), clock: clock))
    }

    func step(_ painter: ProgressPainter, seconds: Double, bytes: Int) {
        clock.advance(by: .milliseconds(Int(seconds * 1000)))
        job.add(bytes, to: .bytesDone)
        painter.tick()
    }

    @Test func `a terminal shows a bar with rate and time left and takes it away`() {
        job.begin(phase: "archiving uploads")
        job.add(1_000_000_000, to: .bytesExpected)
        let (captured, painter) = work(.tty)
        for _ in 0..<5 { step(painter, seconds: 1, bytes: 100_000_000) }
        let last = captured.err.split(separator: "\r").last.map(String.init) ?? ""
        #expect(last.hasPrefix("archiving uploads  [=="))
        #expect(last.contains("50 %  500 MB of 1.0 GB  100 MB/s"))
        #expect(last.hasSuffix("\u{1B}[K"))
        painter.finish()
        #expect(captured.err.hasSuffix("\r\u{1B}[K"))
        #expect(captured.out.isEmpty)
    }

    @Test(arguments: [20, 30, 40, 60, 79, 80, 120, 200]) func `a bar is never wider than the terminal`(_ width: Int) {
        for fraction in [0, 1, 33, 100, 140] {
            let sample = ProgressSample(
                phase: "archiving 日本語の長い名前のストア", bytesDone: fraction * 10_000_000, bytesExpected: 1_000_000_000, issues: 3, seconds: 5,
                bytesPerSecond: 123_456_789)
            #expect(TextLayout.width(of: sample.barLine(width: width)) <= width)
            #expect(TextLayout.width(of: ProgressSample(phase: "p", filesDone: 5).barLine(width: width)) <= width)
        }
    }

    @Test func `a log gets a line every ten seconds at most`() {
        job.begin(phase: "archiving uploads")
        job.add(1_000_000_000, to: .bytesExpected)
        let (captured, painter) = work(.plain)
        for _ in 0..<50 { step(painter, seconds: 0.5, bytes: 10_000_000) }
        let lines = captured.err.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first == "archiving uploads: 200 MB of 1.0 GB, 20.0 MB/s, 0:40 left")
        #expect(captured.out.isEmpty)
    }

    @Test func `a program gets events twice a second at most`() {
        let (captured, painter) = work(.json)
        for _ in 0..<20 { step(painter, seconds: 0.1, bytes: 1000) }
        #expect(captured.outLines.count == 4)
        #expect(captured.outLines.allSatisfy { $0.hasPrefix("{\"progress\":{\"bytesDone\":") })
        #expect(captured.err.isEmpty)
    }

    @Test func `notes are lines of their own`() {
        job.note("a.txt changed while it was read")
        let (captured, painter) = work(.tty)
        painter.tick()
        job.note("b.txt vanished")
        painter.tick()
        painter.finish()
        #expect(captured.err.contains("a.txt changed while it was read\n"))
        #expect(captured.err.contains("\r\u{1B}[Kb.txt vanished\n"))
        let (program, jsonPainter) = work(.json)
        job.note("c")
        jsonPainter.finish()
        #expect(program.out == "{\"note\":\"c\"}\n")
    }

    @Test func `a rate forgets what was long ago and starts again when counters do`() {
        var meter = RateMeter()
        meter.add(0, at: 0)
        #expect(meter.bytesPerSecond == nil)
        for second in 1...60 { meter.add(second < 30 ? second * 1000 : 29_000 + (second - 29) * 10, at: UInt64(second) * 1_000_000_000) }
        #expect(meter.bytesPerSecond == 10)
        meter.add(0, at: 61_000_000_000)
        #expect(meter.bytesPerSecond == nil)
    }

    @Test func `counters without a size show what there is`() {
        #expect(ProgressSample(phase: "p").quietLine == "p: 0:00")
        #expect(ProgressSample(phase: "p", filesDone: 1200, seconds: 3).quietLine == "p: 1,200 entries")
        #expect(ProgressSample(bytesDone: 5, bytesPerSecond: .infinity).quietLine == "working: 5 B")
        #expect(ProgressSample(bytesDone: -5, bytesExpected: -1).fraction == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `the thread ends with the work, whatever it throws`() throws {
        struct Stop: Error {}
        let captured = CapturedConsole()
        #expect(throws: Stop.self) {
            try ProgressReporter.watching(job, console: captured.console(.tty), clock: SystemClock()) { job in
                job.note("working")
                throw Stop()
            }
        }
        #expect(captured.err.contains("working\n"))
        let reporter = ProgressReporter(of: job, console: captured.console(.plain), clock: SystemClock())
        reporter.finish()
        reporter.finish()
    }
}
