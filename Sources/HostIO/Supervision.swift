import CHost
import Glibc

/// Reads a child's outputs until it ends or its time is up, and reaps it.
final class Supervision {
    private let request: ChildProcess
    private let process: pid_t
    private let streams: [SharedDescriptor]
    private var collected: [[UInt8]] = [[], []]
    private var atEnd = [false, false]
    private var truncated = false
    /// Tells the end of the child without reaping it; missing before Linux 5.3.
    private let processDescriptor: Int32

    init(_ request: ChildProcess, process: pid_t, output: SharedDescriptor, errors: SharedDescriptor) {
        self.request = request
        self.process = process
        streams = [output, errors]
        processDescriptor = holdfast_process_descriptor(process)
    }

    deinit { if processDescriptor >= 0 { close(processDescriptor) } }

    /// Nil when the child was ended because this process is to end.
    func run() -> ChildProcess.Outcome? {
        let isInterruptible = request.onEnding == .endsToo
        let waited = wait(within: request.timeout, isInterruptible ? .ofAll : .ofChild)
        if waited != .ended {
            // The first process of a namespace hears nothing else that comes from outside, unless it has asked for it.
            let isFirst = request.containment.map { $0.namespaces != .none } ?? false
            kill(-process, isFirst ? SIGKILL : SIGTERM)
            _ = wait(within: request.grace, .ofChild)
            // Also when the child itself went: others of its group may not have. Not yet reaped, the group's number is still its own.
            kill(-process, SIGKILL)
        }
        let status = reap()
        drain()
        guard waited != .interrupted else { return nil }
        return ChildProcess.Outcome(
            ending: waited == .late ? .timedOut : Self.ending(status), output: collected[0], errors: collected[1], truncated: truncated)
    }

    private enum Waited {
        /// Not reaped yet.
        case ended
        case late
        /// This process was asked to end.
        case interrupted
    }

    private enum Attention {
        case ofChild
        /// To the child, and to the wish that this process ends.
        case ofAll
    }

    private func wait(within limit: Duration?, _ attention: Attention) -> Waited {
        let clock = SystemClock()
        let end = limit.map { clock.monotonicNanoseconds() &+ Self.nanoseconds($0) }
        while true {
            if hasEnded() { return .ended }
            if attention == .ofAll, EndingSignals.isAsked { return .interrupted }
            let now = clock.monotonicNanoseconds()
            if let end, now >= end { return .late }
            let rest = end.map { Int32(clamping: ($0 - now) / 1_000_000 + 1) } ?? Int32.max
            wait(milliseconds: processDescriptor >= 0 ? rest : min(rest, 20), attention)
            drain()
        }
    }

    private static func nanoseconds(_ duration: Duration) -> UInt64 {
        let parts = max(duration, .zero).components
        return UInt64(min(parts.seconds, 1_000_000_000)) * 1_000_000_000 + UInt64(parts.attoseconds / 1_000_000_000)
    }

    private func wait(milliseconds: Int32, _ attention: Attention) {
        var watched = [pollfd(fd: processDescriptor, events: Int16(POLLIN), revents: 0)]
        if attention == .ofAll { watched.append(pollfd(fd: EndingSignals.descriptor, events: Int16(POLLIN), revents: 0)) }
        for index in 0..<2 {
            // A negative descriptor is passed over.
            watched.append(pollfd(fd: atEnd[index] ? -1 : streams[index].descriptor.raw, events: Int16(POLLIN), revents: 0))
        }
        _ = poll(&watched, nfds_t(watched.count), milliseconds)
    }

    /// Reads what is there without waiting.
    private func drain() {
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
            for index in 0..<2 where !atEnd[index] {
                while true {
                    let count = read(streams[index].descriptor.raw, buffer.baseAddress, buffer.count)
                    if count < 0, errno == EINTR { continue }
                    if count == 0 || (count < 0 && errno != EAGAIN) { atEnd[index] = true }
                    if count <= 0 { break }
                    keep(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]), index)
                }
            }
        }
    }

    private func keep(_ bytes: UnsafeRawBufferPointer, _ index: Int) {
        let room = max(request.outputLimit - collected[index].count, 0)
        if bytes.count > room { truncated = true }
        collected[index].append(contentsOf: bytes.prefix(room))
    }

    private func hasEnded() -> Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0 && information.si_signo == SIGCHLD
    }

    private func reap() -> Int32 {
        _ = wait(within: nil, .ofChild)
        request.handle?.endsNow()
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }

    /// wait(2): the low seven bits are the signal, the next byte the exit status.
    private static func ending(_ status: Int32) -> ChildProcess.Ending {
        status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
    }
}
