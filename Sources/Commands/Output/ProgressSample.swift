import HostIO
import Model

/// A job's counters at one moment, and the lines that tell them.
struct ProgressSample: Hashable, Sendable {
    var phase = ""
    var bytesDone = 0
    /// 0 when it is not known.
    var bytesExpected = 0
    var filesDone = 0
    var filesExpected = 0
    var bytesStored = 0
    var issues = 0
    /// Since the beginning.
    var seconds = 0.0
    /// Nil while it is not known.
    var bytesPerSecond: Double?

    /// 0...1; nil while the expected size is not known.
    var fraction: Double? {
        if bytesExpected > 0 { return min(1, Double(bytesDone) / Double(bytesExpected)) }
        return filesExpected > 0 ? min(1, Double(filesDone) / Double(filesExpected)) : nil
    }

    var secondsLeft: Double? {
        guard let bytesPerSecond, bytesPerSecond > 0, bytesExpected > bytesDone else { return nil }
        return Double(bytesExpected - bytesDone) / bytesPerSecond
    }

    /// "archiving uploads  1.2 GB of 2.8 GB, 340 MB/s, 0:05 left", without a bar.
    var quietLine: String {
        let lead = phase.isEmpty ? "working" : printable(phase)
        return "\(lead): " + details.joined(separator: ", ")
    }

    /// At most `width` columns: phase, bar, percentage, amounts, rate, time left; what does not fit is left out from the right.
    func barLine(width: Int) -> String {
        let lead = TextLayout.truncate(printable(phase), to: 26)
        guard let fraction else { return TextLayout.truncate(([lead] + details).filter { !$0.isEmpty }.joined(separator: "  "), to: width) }
        let share = TextLayout.pad("\(Int(fraction * 100)) %", to: 5, .right)
        let tail = [share] + details
        var shown = tail.count
        while shown > 1, space(width, lead, tail.prefix(shown)) < 10 { shown -= 1 }
        let size = min(30, max(0, space(width, lead, tail.prefix(shown))))
        let filled = Int(fraction * Double(size))
        let bar = "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: size - filled) + "]"
        return TextLayout.truncate(([lead, bar] + tail.prefix(shown)).filter { !$0.isEmpty }.joined(separator: "  "), to: width)
    }

    /// Columns left for the inside of the bar.
    private func space(_ width: Int, _ lead: String, _ tail: ArraySlice<String>) -> Int {
        let leadWidth = lead.isEmpty ? 0 : TextLayout.width(of: lead) + 2
        return width - leadWidth - 2 - tail.reduce(0) { $0 + TextLayout.width(of: $1) + 2 }
    }

    private var details: [String] {
        var details: [String] = []
        let done = ByteCount(UInt64(clamping: bytesDone)).text
        if bytesDone > 0 || bytesExpected > 0 {
            details.append(bytesExpected > 0 ? "\(done) of \(ByteCount(UInt64(clamping: bytesExpected)))" : done)
        } else if filesDone > 0 {
            details.append(counted(filesDone, "entry", "entries"))
        }
        if let rate = bytesPerSecond, rate >= 1, rate < 1e18 { details.append("\(ByteCount(UInt64(rate)))/s") }
        if let secondsLeft { details.append("\(DurationText.clock(seconds: secondsLeft)) left") }
        if issues > 0 { details.append(counted(issues, "issue")) }
        return details.isEmpty ? [DurationText.clock(seconds: seconds)] : details
    }
}

extension ProgressSample {
    init(of job: JobControl, seconds: Double, rate: Double?) {
        self.init(
            phase: job.phase, bytesDone: job.value(of: .bytesDone), bytesExpected: job.value(of: .bytesExpected),
            filesDone: job.value(of: .filesDone), filesExpected: job.value(of: .filesExpected), bytesStored: job.value(of: .bytesStored),
            issues: job.value(of: .issues), seconds: seconds, bytesPerSecond: rate)
    }
}

/// `{"progress":{…}}` on a line.
struct ProgressEvent: Encodable {
    struct Details: Encodable {
        var phase: String
        var bytesDone: Int
        var bytesExpected: Int
        var filesDone: Int
        var filesExpected: Int
        var bytesStored: Int
        var issues: Int
        var seconds: Double
        var bytesPerSecond: Double?
        var secondsLeft: Double?
    }

    var progress: Details

    init(_ sample: ProgressSample) {
        progress = Details(
            phase: sample.phase, bytesDone: sample.bytesDone, bytesExpected: sample.bytesExpected, filesDone: sample.filesDone,
            filesExpected: sample.filesExpected, bytesStored: sample.bytesStored, issues: sample.issues, seconds: rounded(sample.seconds),
            bytesPerSecond: sample.bytesPerSecond.map(rounded), secondsLeft: sample.secondsLeft.map(rounded))
    }
}

/// To milliseconds; JSON has no numbers that are not finite.
private func rounded(_ value: Double) -> Double { value.isFinite ? (value * 1000).rounded() / 1000 : 0 }
